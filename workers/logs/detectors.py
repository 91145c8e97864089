"""Known signatures in log messages, each with what it means and what to check next.

A detector explains itself: a name, the words that set it off, and a sentence. Causes are
conditions that start trouble, symptoms are how trouble elsewhere shows, markers are changes
people made. The patterns are of the words that programs of all kinds use; none is of one product.
"""

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["cause", "symptom", "marker"]


@dataclass(frozen=True)
class Detector:
    """One signature. `weight` is how strongly it speaks for the service that wrote it, 0 to 1."""

    name: str
    kind: Kind
    title: str  # what happened, to stand before "in SERVICE"
    pattern: re.Pattern[str]
    check_next: str
    weight: float = 0.7


def _detector(name: str, kind: Kind, title: str, pattern: str, check_next: str, weight: float = 0.7) -> Detector:
    return Detector(name, kind, title, re.compile(pattern, re.I), check_next, weight)


DETECTORS: tuple[Detector, ...] = (
    _detector(
        "out_of_memory",
        "cause",
        "Out of memory",
        r"out of memory|oom[-_ ]?kill|\boom\b|outofmemory|cannot allocate memory|java heap space"
        r"|exit (?:code|status) 137"
        r"|memory (?:limit|cgroup).{0,30}(?:exceed|reach)|memory pressure|heap (?:usage"
        r"|used).{0,20}(?:9\d|100) ?%|MemoryError|metaspace",
        "Compare memory use with the limit, and with the version before.",
        0.95,
    ),
    _detector(
        "disk_full",
        "cause",
        "Disk full",
        r"no space left|disk (?:is )?(?:almost )?full|ENOSPC|disk quota exceeded|read-only file ?system"
        r"|(?:disk|volume|filesystem|partition|/var\S*|/data\S*).{0,40}(?:9[0-9]|100) ?%"
        r"|(?:disk|volume|file ?system|partition).{0,20}(?:is full|used up|out of space)"
        r"|low disk space|disk usage (?:above|over)|could not (?:extend|write).{0,40}space",
        "See what grew on the volume, and free or extend it.",
        0.95,
    ),
    _detector(
        "certificate",
        "cause",
        "Certificate problem",
        r"certificate.{0,40}(?:expired|invalid|not (?:yet )?valid|revoked|verify failed|unknown"
        r"|untrusted|mismatch)|x509"
        r"|CERTIFICATE_VERIFY_FAILED|SSL ?handshake|TLS ?handshake.{0,30}(?:fail|error)|PKIX path"
        r"|unknown authority|cert(?:ificate)? expired|bad certificate",
        "Look at the certificate's dates and chain, and at the job that renews it.",
        0.9,
    ),
    _detector(
        "dns",
        "cause",
        "Name resolution failing",
        r"NXDOMAIN|no such host|name resolution|getaddrinfo|SERVFAIL|could not resolve"
        r"|cannot resolve|UnknownHost"
        r"|name or service not known|dns (?:lookup|query|resolution)?.{0,20}(?:fail|timeout"
        r"|timed out|error)|EAI_AGAIN|ENOTFOUND",
        "Resolve the name from the same host; look at the resolver and at recent DNS changes.",
        0.85,
    ),
    _detector(
        "pool_exhausted",
        "cause",
        "Connection pool exhausted",
        r"pool (?:is )?(?:exhausted|empty|full)|connection pool.{0,40}(?:exhaust|timeout|timed out"
        r"|full|limit|no )|pool.{0,30}(?:timed out|timeout)"
        r"|connection is not available|timed? ?out waiting for (?:a |an )?(?:free |idle |db "
        r"|database )?connection|too many (?:clients|connections)|remaining connection slots"
        r"|QueuePool limit|no (?:free|idle|available) connections?"
        r"|max(?:imum)?[_ ]connections? (?:reached|exceeded)|PoolTimeout|leak(?:ed"
        r"|ing)? connection|connection leak",
        "Compare connections held with the pool's size; look for transactions left open.",
        0.85,
    ),
    _detector(
        "descriptors_or_threads",
        "cause",
        "Descriptors or threads exhausted",
        r"too many open files|EMFILE|ENFILE|unable to create (?:new )?(?:native )?thread"
        r"|can't start new thread|thread ?pool.{0,30}(?:exhaust|full|reject|saturat)"
        r"|RejectedExecution|worker (?:pool|threads?).{0,20}(?:exhaust|busy|saturat)"
        r"|all workers busy|file descriptor",
        "Count open files and threads of the process against its limits.",
        0.85,
    ),
    _detector(
        "clock",
        "cause",
        "Clock skew",
        r"clock.{0,20}(?:skew|jump|drift|backward|offset|unsync|out of sync|step)"
        r"|issued in the future|used before (?:issued|valid)|not yet valid"
        r"|\bnbf\b|\biat\b.{0,20}future|ntp.{0,30}(?:unsync|offset|fail|unreach|lost|step)"
        r"|RequestTimeTooSkewed|timestamp.{0,20}in the future|chrony",
        "Compare the hosts' clocks and the state of NTP.",
        0.85,
    ),
    _detector(
        "locks",
        "cause",
        "Database locks",
        r"deadlock|lock (?:wait )?time ?out|could not obtain lock|waiting for (?:\w+ )?lock"
        r"|lock wait|blocked by (?:pid|process|query|transaction)|still waiting for \w+Lock",
        "List the transactions that hold locks, and what began just before.",
        0.8,
    ),
    _detector(
        "schema",
        "cause",
        "Schema mismatch",
        r"(?:column|relation|table|field).{0,60}(?:does not exist|not found|unknown|missing)"
        r"|unknown column|no such (?:table|column)|undefined ?column"
        r"|migration.{0,40}(?:fail|error|abort|lock|pending)|schema (?:mismatch|version)"
        r"|incompatible schema",
        "Compare the database's migrations with the version that runs.",
        0.9,
    ),
    _detector(
        "configuration",
        "cause",
        "Wrong configuration",
        r"invalid (?:config|setting|value for)|missing (?:required )?(?:config|env|environment"
        r"|setting|variable|parameter|property)|unknown (?:setting|option|config)"
        r"|(?:failed|unable|cannot|could not) (?:to )?(?:load|parse|read) (?:the )?(?:config"
        r"|settings)|configuration error|bad config|misconfigur|ConfigError"
        r"|env(?:ironment)? variable.{0,30}(?:not set|missing)",
        "Compare the configuration with the last one that worked.",
        0.9,
    ),
    _detector(
        "credentials",
        "cause",
        "Credentials refused",
        r"invalid (?:credentials|api key|token|signature|client secret|password)|(?:authentication"
        r"|authorization|login|auth) fail|password authentication|access denied|permission denied"
        r"|(?:token|secret|api key|credential|password|key).{0,30}(?:expired|revoked|rotated"
        r"|rejected)|unauthori[sz]ed|AccessDenied|InvalidClientTokenId|signature (?:verification"
        r"|mismatch|invalid|does not match)|\bforbidden\b",
        "See when the secret was rotated, and whether every reader has the new one.",
        0.75,
    ),
    _detector(
        "rate_limit",
        "cause",
        "Rate limit or quota reached",
        r"rate[- ]?limit|too many requests|quota.{0,20}(?:exceed|exhaust|reached)|throttl(?:ed"
        r"|ing)|limit exceeded|TooManyRequests|ThrottlingException",
        "Compare the calls with the limit, and find who began to call more.",
        0.7,
    ),
    _detector(
        "program_error",
        "cause",
        "Program error",
        r"NullPointer|TypeError|KeyError|AttributeError|IndexError|ValueError|ZeroDivision"
        r"|ArithmeticException|ClassCast|IllegalState|IllegalArgument"
        r"|nil pointer|null pointer|index out of (?:range|bounds)|segfault|segmentation"
        r"|core dumped|\bpanic\b|unhandled exception|uncaught|assertion|undefined is not"
        r"|cannot read propert|StackOverflow|division by zero|traceback",
        "Read the trace's innermost own frame, and what changed there.",
        0.8,
    ),
    _detector(
        "bad_input",
        "cause",
        "Input that cannot be read",
        r"corrupt|checksum|deseriali[sz]|cannot decode|decode error|unexpected (?:token|end of)"
        r"|invalid json|poison|dead[- ]?letter|unparse?able|schema validation|parse error"
        r"|failed to parse|malformed",
        "Keep one of the messages aside, and find who began to send them.",
        0.75,
    ),
    _detector(
        "replication",
        "cause",
        "Replica or leader trouble",
        r"replica(?:tion)?.{0,30}(?:lag|behind|broken|stopped)|read[- ]only (?:transaction|replica"
        r"|mode)|not (?:the )?(?:primary|leader|master)|fail(?:ing|ed)?[- ]?over|split[- ]?brain"
        r"|leader (?:election|lost|changed)|lost (?:leadership|quorum)|no quorum|quorum lost"
        r"|step(?:ped|ping) down",
        "Look at the roles and the lag of every member.",
        0.8,
    ),
    _detector(
        "queue_backlog",
        "cause",
        "Queue backing up",
        r"consumer.{0,15}lag|\blag(?:ging)?\b.{0,20}(?:\d{3,}|behind|grow|high)"
        r"|queue.{0,25}(?:full|backlog|depth|growing|overflow|length)|backlog|rebalanc"
        r"|messages? (?:pending|piling)|backpressure",
        "Compare the rate in with the rate out, and find the slow consumer.",
        0.65,
    ),
    _detector(
        "garbage_collection",
        "cause",
        "Long garbage collections",
        r"gc overhead|full gc|gc pause|pause full|stop[- ]the[- ]world|to-space exhausted"
        r"|allocation failure|long gc|jvm pause|safepoint",
        "Compare the heap with its limit; take a heap histogram.",
        0.75,
    ),
    _detector(
        "cpu",
        "cause",
        "Processor saturated",
        r"cpu.{0,20}(?:throttl|saturat|steal|9\d ?%|100 ?%)|load average.{0,20}(?:high|\d{2,})"
        r"|event loop.{0,20}(?:lag|blocked|delay)|soft lockup|catastrophic backtracking|hung task"
        r"|blocked for more than",
        "Profile the process; compare with the version before.",
        0.75,
    ),
    _detector(
        "network",
        "cause",
        "Network fault",
        r"network (?:is )?unreachable|no route to host|packet loss|link (?:is )?down"
        r"|partition(?:ed)? from|network partition|EHOSTUNREACH|ENETUNREACH|interface .{0,20}down"
        r"|carrier lost|security group|firewall|iptables|network policy",
        "Test the path between the two hosts; look at firewall and routing changes.",
        0.75,
    ),
    _detector(
        "cache",
        "cause",
        "Cache lost",
        r"maxmemory|evict(?:ed|ing|ion)|cache (?:stampede|miss(?:es)? (?:rate|ratio|storm)|flush"
        r"|cold|cleared|unavailable)|hit (?:rate|ratio).{0,20}(?:drop|low|fell)|thundering herd",
        "Compare the hit rate before and after; see what emptied the cache.",
        0.7,
    ),
    _detector(
        "slow_queries",
        "cause",
        "Slow queries",
        r"slow (?:query|sql|statement|log)|sequential scan|seq scan|full table scan|query (?:took"
        r"|exceeded)|statement time ?out|canceling statement|missing index"
        r"|long[- ]running (?:query|transaction)|duration: \d{4,}",
        "Read the plan of the query; look for an index or statistics that went.",
        0.7,
    ),
    _detector(
        "third_party",
        "cause",
        "Outside provider failing",
        r"(?:provider|third[- ]party|external (?:api|service)|payment gateway|partner api"
        r"|vendor).{0,60}(?:unavailable|error|fail|timeout|timed out|outage|50\d|degraded)",
        "Look at the provider's status page.",
        0.6,
    ),
    _detector(
        "restart_loop",
        "symptom",
        "Restart loop",
        r"crash ?loop|back-off restarting|restart(?:ing|ed)? (?:failed )?container|liveness probe"
        r"|readiness probe|health ?check.{0,30}(?:fail|unhealthy)|exited with (?:code"
        r"|status) [1-9]|marked (?:as )?unhealthy|SIGKILL",
        "Read the last lines before each restart.",
        0.55,
    ),
    _detector(
        "retry_storm",
        "symptom",
        "Retry storm",
        r"retr(?:y|ies|ying).{0,40}(?:attempt|exhaust|exceed|giving up|storm|\d+ ?/ ?\d+)"
        r"|max(?:imum)? retries|giving up after|attempt \d+ (?:of|/)|will retry",
        "Find what the retries are waiting for.",
        0.3,
    ),
    _detector(
        "circuit_open",
        "symptom",
        "Circuit breaker open",
        r"circuit.{0,15}open|breaker.{0,15}(?:open|tripped)|bulkhead",
        "Look at the service behind the breaker.",
        0.25,
    ),
    _detector(
        "refused",
        "symptom",
        "Connections refused",
        r"connection (?:was )?(?:refused|reset|aborted|closed)|ECONNREFUSED|ECONNRESET|broken pipe"
        r"|EPIPE|connect(?:\(\))? failed|failed to connect|could not connect|unable to connect"
        r"|lost connection",
        "See whether the other side runs and listens.",
        0.3,
    ),
    _detector(
        "timeouts",
        "symptom",
        "Timeouts",
        r"timed? ?out|timeout|deadline exceeded|ETIMEDOUT|took too long|exceeded .{0,20}deadline",
        "Look at the service that is waited for.",
        0.25,
    ),
    _detector(
        "server_errors",
        "symptom",
        "Server errors",
        r"server error|\b50[0234]\b|service unavailable|bad gateway|gateway timeout"
        r"|upstream.{0,40}(?:error|fail|unavailable|prematurely)|internal error|unavailable",
        "Look at the first failing request, across services.",
        0.25,
    ),
    _detector(
        "deploy",
        "marker",
        "Deployment",
        r"\bdeploy(?:ed|ing|ment|s)?\b|roll(?:ed|ing)?[- ]?(?:out|back)|\breleas(?:e|ed|ing)\b"
        r"|(?:start(?:ed|ing)|upgrad\w+|running|version)\b.{0,40}\bv?\d+\.\d+\.\d+"
        r"|image (?:updated|pulled)|new (?:version|build|revision)|replicaset",
        "Compare with the version before, or roll back.",
    ),
    _detector(
        "config_change",
        "marker",
        "Configuration change",
        r"config(?:uration|map)?s? .{0,30}(?:reload|chang|updat|appl|push|load)\w*|(?:reload|chang"
        r"|updat|appl)\w* .{0,20}config|setting.{0,30}(?:chang|updat)|parameter.{0,30}(?:chang"
        r"|set to)|(?:limit|size|timeout|ttl)\b.{0,20}chang|firewall rule|security group"
        r"|network policy|dns record|secret.{0,20}rotat|rotat\w+ .{0,30}(?:secret|key|credential"
        r"|password|cert)",
        "Compare the two configurations, or put the old one back.",
    ),
    _detector(
        "feature_flag",
        "marker",
        "Feature flag",
        r"(?:feature|flag|toggle|experiment).{0,40}(?:enabl|disabl|turned|switched|set to|rollout"
        r"|\bon\b|\boff\b|activat)|(?:enabl|disabl|activat)\w+ (?:feature|flag|experiment)",
        "Turn the flag back.",
    ),
    _detector(
        "migration",
        "marker",
        "Migration",
        r"\bmigration|ALTER TABLE|CREATE INDEX|DROP (?:INDEX|TABLE|COLUMN)|schema (?:change"
        r"|upgrade)|reindex|vacuum full",
        "See whether it ended, and what it holds.",
    ),
    _detector(
        "restart",
        "marker",
        "Restart",
        r"\brestart|shutting down|SIGTERM|starting up|\bbooting|system boot|process (?:started"
        r"|exited)|graceful shutdown|failover (?:started|initiated)|scal(?:ed|ing) (?:up|down|to)"
        r"|drain(?:ed|ing)|maintenance|batch job|cron|backup (?:started|begin)",
        "See who restarted it, and why.",
    ),
)


def detectors_for(text: str) -> list[Detector]:
    """Return the detectors that a message sets off, causes first, then by weight."""
    found = [detector for detector in DETECTORS if detector.pattern.search(text)]
    order = {"cause": 0, "symptom": 1, "marker": 2}
    return sorted(found, key=lambda detector: (order[detector.kind], -detector.weight))


def cause_of(text: str) -> Detector | None:
    """Return the strongest cause a message speaks of, if any."""
    return next((found for found in detectors_for(text) if found.kind == "cause"), None)
