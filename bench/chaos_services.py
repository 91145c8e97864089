"""Private servers for the chaos run, so that killing and flushing them disturbs nobody else.

Redis, RabbitMQ and PostgreSQL are started on free ports with their files in a temporary folder. Where a server's
program is not installed, the address of a running one may be given; it is then used, and never killed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import psycopg
import redis

START_SECONDS = 40.0


def free_port() -> int:
    """Return a port that nobody listens on right now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


class PrivateRedis:
    """redis-server without persistence: a kill empties it."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = subprocess.Popen(
            [
                "redis-server",
                "--port",
                str(self.port),
                "--save",
                "",
                "--bind",
                "127.0.0.1",
                "--dir",
                str(self._folder),
            ],
            stdout=subprocess.DEVNULL,
        )
        _wait_for(lambda: bool(redis.Redis(port=self.port).ping()))

    @property
    def pid(self) -> int:
        """Return the server's process."""
        assert self._process is not None
        return self._process.pid

    def flush(self) -> None:
        """Empty it."""
        with contextlib.suppress(redis.RedisError):
            redis.Redis(port=self.port).flushall()

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    stop = kill


class PrivateRabbit:
    """A RabbitMQ node of our own."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}//"
        self._folder = folder
        self._node = f"chaos{self.port}@localhost"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the node, and wait until its port is open."""
        server = shutil.which("rabbitmq-server", path=f"{os.defpath}:/usr/lib/rabbitmq/bin:/usr/sbin")
        assert server is not None
        real = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
        environment = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(self._folder),
            "RABBITMQ_NODENAME": self._node,
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(self._folder / "rabbit"),
            "RABBITMQ_LOG_BASE": str(self._folder / "rabbit-log"),
            "RABBITMQ_PID_FILE": str(self._folder / "rabbit.pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._folder / "no-plugins"),
            "RABBITMQ_CONFIG_FILE": str(self._folder / "no-config"),
        }
        self._process = subprocess.Popen(
            [str(real if real.exists() else server)],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        _wait_for(self._is_open)

    @property
    def pid(self) -> int:
        """Return the process that all of the node's descend from."""
        assert self._process is not None
        return self._process.pid

    def flush(self) -> None:
        """A node that is killed loses what was not written: that is flush enough."""
        self.kill()
        self.start()

    def kill(self) -> None:
        """kill -9 of the node and all its helpers."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    stop = kill

    def _is_open(self) -> bool:
        import amqp  # type: ignore[import-untyped]

        connection = amqp.Connection(f"127.0.0.1:{self.port}", connect_timeout=2)
        connection.connect()
        connection.close()
        return True


class PrivatePostgres:
    """A PostgreSQL cluster of our own; run as the user `postgres` when we are root, which PostgreSQL refuses."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        self._folder = folder / "postgres"
        self._programs = max(Path("/usr/lib/postgresql").glob("*/bin"), default=Path("/usr/bin"))

    def start(self) -> None:
        """Make the cluster if there is none, start it, and wait until it answers."""
        if not self._folder.exists():
            self._folder.mkdir(parents=True)
            if os.geteuid() == 0:
                shutil.chown(self._folder, "postgres", "postgres")
                for parent in self._folder.parents[:2]:
                    parent.chmod(parent.stat().st_mode | 0o011)
            self._run(["initdb", "-D", str(self._folder), "-U", "postgres", "-A", "trust", "--no-sync"])
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=120"
        self._run(["pg_ctl", "-D", str(self._folder), "-o", options, "-l", f"{self._folder}/log", "-W", "start"])
        _wait_for(self._answers)

    def kill(self) -> None:
        """Stop it as a crash would: no checkpoint, every connection cut; the next start recovers from its log."""
        self._run(["pg_ctl", "-D", str(self._folder), "-m", "immediate", "stop"])

    stop = kill

    @property
    def pid(self) -> int:
        """Return the process that all of the server's descend from."""
        return int((self._folder / "postmaster.pid").read_text().splitlines()[0])

    def _answers(self) -> bool:
        with psycopg.connect(self.url, connect_timeout=2):
            return True

    def _run(self, command: Sequence[str]) -> None:
        program = [str(self._programs / command[0]), *command[1:]]
        as_postgres = (
            ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
        )
        subprocess.run([*as_postgres, *program], check=True, stdout=subprocess.DEVNULL, cwd="/")


def _wait_for(is_up: object) -> None:
    assert callable(is_up)
    give_up_at = time.monotonic() + START_SECONDS
    while True:
        try:
            if is_up():
                return
        except (OSError, redis.RedisError, psycopg.OperationalError) as error:
            if time.monotonic() > give_up_at:
                raise RuntimeError("a private server did not start") from error
        time.sleep(0.1)
