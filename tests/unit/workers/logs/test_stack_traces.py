"""Stack traces: the same failure has the same fingerprint, another has another."""

import pytest

from workers.logs.stack_traces import stack_trace_of

JVM = """charge failed
java.lang.IllegalStateException: no provider for order {0}
\tat org.springframework.web.Dispatcher.run(Dispatcher.java:{0})
\tat com.acme.pay.Charger.charge(Charger.java:{0})
\tat com.acme.pay.Api.post(Api.java:12)
Caused by: java.net.ConnectException: refused
\tat java.net.Socket.connect(Socket.java:609)
\t... 3 more"""
PYTHON = """failed
Traceback (most recent call last):
  File "/usr/lib/python3.11/site-packages/flask/app.py", line {0}, in dispatch
    return view()
  File "/srv/pay/views.py", line {0}, in charge
    pool.take()
pay.pool.PoolTimeout: nothing free within {0} ms"""
GO = """http: panic serving
panic: runtime error: index out of range [{0}]
goroutine {0} [running]:
main.(*Store).Get(0xc000{0}, 0x1)
\t/srv/store.go:{0} +0x1d"""


@pytest.mark.parametrize("text", [JVM, PYTHON, GO])
def test_lines_and_values_do_not_matter(text: str) -> None:
    first, second = stack_trace_of(text.format(17)), stack_trace_of(text.format(4242))

    assert first is not None
    assert second is not None
    assert first.fingerprint == second.fingerprint


def test_only_the_programs_own_frames_count() -> None:
    trace = stack_trace_of(JVM.format(1))

    assert trace is not None
    assert trace.frames == ("com.acme.pay.Charger.charge", "com.acme.pay.Api.post")
    assert trace.cause == "java.net.ConnectException"


def test_python_names_its_innermost_frame_first() -> None:
    trace = stack_trace_of(PYTHON.format(1))

    assert trace is not None
    assert (trace.cause, trace.frames) == ("pay.pool.PoolTimeout", ("views.py:charge",))


def test_another_place_is_another_failure() -> None:
    first = stack_trace_of(PYTHON.format(1))
    second = stack_trace_of(PYTHON.format(1).replace("in charge", "in refund"))

    assert first is not None
    assert second is not None
    assert first.fingerprint != second.fingerprint


@pytest.mark.parametrize("event", ["one line only", "two lines\nwithout any frame", ""])
def test_events_without_a_trace_have_none(event: str) -> None:
    assert stack_trace_of(event) is None
