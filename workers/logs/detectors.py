"""Known signatures in log messages, each with what it means and what to check next.

A detector explains itself: a name, the words that set it off, and a sentence. The patterns are of the words that
programs of all kinds use; none is of one product. Those of machines and of trust stand in files of their own.
"""

from workers.logs.detector import Detector, detector
from workers.logs.detectors_machine import MACHINE
from workers.logs.detectors_trust import TRUST

DETECTORS: tuple[Detector, ...] = (
    *MACHINE,
    *TRUST,
    detector(
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
    detector(
        "locks",
        "cause",
        "Database locks",
        r"deadlock|lock (?:wait )?time ?out|could not obtain lock|waiting for (?:\w+ )?lock"
        r"|lock wait|blocked by (?:pid|process|query|transaction)|still waiting for \w+Lock",
        "List the transactions that hold locks, and what began just before.",
        0.8,
    ),
    detector(
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
    detector(
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
    detector(
        "rate_limit",
        "cause",
        "Rate limit or quota reached",
        r"rate[- ]?limit|too many requests|(?:answer(?:ed|s)?|return(?:ed|s)?|status(?:[_ ]?code)?|got(?: a)?|with"
        r"|http(?:/\d(?:\.\d)?)?|error)['\": =]{1,3}429\b|quota.{0,20}(?:exceed|exhaust|reached)|throttl(?:ed"
        r"|ing)|limit exceeded|TooManyRequests|ThrottlingException",
        "Compare the calls with the limit, and find who began to call more.",
        0.7,
    ),
    detector(
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
    detector(
        "bad_input",
        "cause",
        "Input that cannot be read",
        r"corrupt|checksum|deseriali[sz]|cannot decode|decode error|unexpected (?:token|end of)"
        r"|invalid json|poison|dead[- ]?letter|unparse?able|schema validation|parse error"
        r"|failed to parse|malformed",
        "Keep one of the messages aside, and find who began to send them.",
        0.75,
    ),
    detector(
        "replication",
        "cause",
        "Replica or leader trouble",
        r"replica(?:tion)?.{0,30}(?:lag(?!\W*(?:is |of )?0\b)|behind|broken|stopped)|read[- ]only (?:transaction"
        r"|replica|mode)|not (?:the )?(?:primary|leader|master)|fail(?:ing|ed)?[- ]?over|split[- ]?brain"
        r"|leader (?:election|lost|changed)|lost (?:leadership|quorum)|no quorum|quorum lost"
        r"|step(?:ped|ping) down",
        "Look at the roles and the lag of every member.",
        0.8,
    ),
    detector(
        "queue_backlog",
        "cause",
        "Queue backing up",
        r"consumer.{0,15}lag|\blag(?:ging)?\b.{0,20}(?:\d{3,}|behind|grow|high)"
        r"|queue.{0,25}(?:full|backlog|depth|growing|overflow|length)|backlog|rebalanc"
        r"|messages? (?:pending|piling)|backpressure",
        "Compare the rate in with the rate out, and find the slow consumer.",
        0.65,
    ),
    detector(
        "network",
        "cause",
        "Network fault",
        r"network (?:is )?unreachable|no route to host|packet loss|link (?:is )?down"
        r"|partition(?:ed)? from|network partition|EHOSTUNREACH|ENETUNREACH|interface .{0,20}down"
        r"|carrier lost|security group|firewall|iptables|network policy",
        "Test the path between the two hosts; look at firewall and routing changes.",
        0.75,
    ),
    detector(
        "cache",
        "cause",
        "Cache lost",
        r"maxmemory|evict(?:ed|ing|ion)|cache (?:stampede|miss(?:es)? (?:rate|ratio|storm)|flush"
        r"|cold|cleared|unavailable)|hit (?:rate|ratio).{0,20}(?:drop|low|fell)|thundering herd",
        "Compare the hit rate before and after; see what emptied the cache.",
        0.7,
    ),
    detector(
        "slow_queries",
        "cause",
        "Slow queries",
        r"slow (?:query|sql|statement|log)|sequential scan|seq scan|full table scan|query (?:took"
        r"|exceeded)|statement time ?out|canceling statement|missing index"
        r"|long[- ]running (?:query|transaction)|duration: \d{4,}",
        "Read the plan of the query; look for an index or statistics that went.",
        0.7,
    ),
    detector(
        "third_party",
        "cause",
        "Outside provider failing",
        r"(?:provider|third[- ]party|external (?:api|service)|payment gateway|partner api"
        r"|vendor).{0,60}(?:unavailable|error|fail|timeout|timed out|outage|50\d|degraded)",
        "Look at the provider's status page.",
        0.6,
    ),
    detector(
        "restart_loop",
        "symptom",
        "Restart loop",
        r"crash ?loop|back-off restarting|restart(?:ing|ed)? (?:failed )?container"
        r"|exited with (?:code|status) [1-9]|SIGKILL",
        "Read the last lines before each restart.",
        0.55,
    ),
    detector(
        "health_checks",
        "symptom",
        "Health checks failing",
        r"(?:liveness|readiness|startup) probe|health ?check.{0,30}(?:fail|unhealthy)|marked (?:as )?unhealthy",
        "See what the check asks and what answers slowly; its own limit may be too tight.",
        0.5,
    ),
    detector(
        "retry_storm",
        "symptom",
        "Retry storm",
        r"retr(?:y|ies|ying).{0,40}(?:attempt|exhaust|exceed|giving up|storm|\d+ ?/ ?\d+)"
        r"|max(?:imum)? retries|giving up after|attempt \d+ (?:of|/)|will retry",
        "Find what the retries are waiting for.",
        0.3,
    ),
    detector(
        "circuit_open",
        "symptom",
        "Circuit breaker open",
        r"circuit.{0,15}open|breaker.{0,15}(?:open|tripped)|bulkhead",
        "Look at the service behind the breaker.",
        0.25,
    ),
    detector(
        "refused",
        "symptom",
        "Connections refused",
        r"connection (?:was )?(?:refused|reset|aborted|closed)|ECONNREFUSED|ECONNRESET|broken pipe"
        r"|EPIPE|connect(?:\(\))? failed|failed to connect|could not connect|unable to connect"
        r"|lost connection",
        "See whether the other side runs and listens.",
        0.3,
    ),
    detector(
        "timeouts",
        "symptom",
        "Timeouts",
        r"timed? ?out|timeout|deadline exceeded|ETIMEDOUT|took too long|exceeded .{0,20}deadline",
        "Look at the service that is waited for.",
        0.25,
    ),
    detector(
        "server_errors",
        "symptom",
        "Server errors",
        r"server error|\b50[0234]\b|service unavailable|bad gateway|gateway timeout"
        r"|upstream.{0,40}(?:error|fail|unavailable|prematurely)|internal error|unavailable",
        "Look at the first failing request, across services.",
        0.25,
    ),
    detector(
        "deploy",
        "marker",
        "Deployment",
        r"\bdeploy(?:ed|ing|ment|s)?\b|roll(?:ed|ing)?[- ]?(?:out|back)"
        r"|\breleas(?:ed?|ing)\b(?! (?:date|notes|candidate))"
        r"|(?:start(?:ed|ing)|upgrad\w+|running|version)\b.{0,40}\bv?\d+\.\d+\.\d+"
        r"|image (?:updated|pulled)|new (?:version|build|revision)|replicaset",
        "Compare with the version before, or roll back.",
    ),
    detector(
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
    detector(
        "feature_flag",
        "marker",
        "Feature flag",
        r"(?:feature|flag|toggle|experiment).{0,40}(?:enabl|disabl|turned|switched|set to|rollout"
        r"|\bon\b|\boff\b|activat)|(?:enabl|disabl|activat)\w+ (?:feature|flag|experiment)",
        "Turn the flag back.",
    ),
    detector(
        "migration",
        "marker",
        "Migration",
        r"\bmigration|ALTER TABLE|CREATE INDEX|DROP (?:INDEX|TABLE|COLUMN)|schema (?:change"
        r"|upgrade)|reindex|vacuum full",
        "See whether it ended, and what it holds.",
    ),
    detector(
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
