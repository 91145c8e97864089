"""Signatures of a machine or a container that ran out of something: memory, space, inodes, handles, ports, time.

What is nearest to the cause weighs a little more than what it looks like: a device without inodes says "no space".
"""

from workers.logs.detector import Detector, detector

_FULL = r"(?:exhaust\w*|used up|run out|ran out|reached|exceed\w*|depleted|(?:at|above|over) (?:9\d|100) ?%)"

MACHINE: tuple[Detector, ...] = (
    detector(
        "memory_limit",
        "cause",
        "Killed at the container's memory limit",
        r"memory cgroup out of memory|oom[-_ ]?killed|exit(?:ed)?(?: with)?(?: (?:code|status))?[ =:]+137\b"
        r"|(?:exceed\w*|hit|over|reached|above) (?:its |the |a )?(?:container'?s? |pod'?s? |cgroup )?memory limit"
        r"|container.{0,40}(?:out of memory|memory limit)",
        "Compare the container's memory limit with what it used, now and in the version before.",
        0.96,
    ),
    detector(
        "out_of_memory",
        "cause",
        "Out of memory",
        r"out of memory|oom[-_ ]?kill|\boom\b|outofmemory|cannot allocate memory|java heap space"
        r"|memory (?:limit|cgroup).{0,30}(?:exceed|reach)|memory pressure|heap (?:usage"
        r"|used).{0,20}(?:9\d|100) ?%|MemoryError|metaspace|(?:heap|memory) limit (?:exceeded|reached)",
        "Compare memory use with the limit, and with the version before.",
        0.95,
    ),
    detector(
        "inodes_full",
        "cause",
        "Inodes used up",
        rf"(?:\bno|out of|zero|\b0) (?:more )?(?:free )?inodes?\b"
        rf"|inodes?\b.{{0,40}}(?:{_FULL}|is full|\b(?:9\d|100) ?%)"
        # Space is left, and yet nothing can be made: it is not the bytes that ran out.
        r"|no space left.{0,80}\b[1-9]\d*(?:\.\d+)? ?[KMGT](?:i?B)? (?:is |are )?(?:still )?(?:free|avail|left)"
        r"|\bifree\W{0,3}0\b",
        "Compare `df -i` with `df -h`: very many small files use up the inodes while bytes are free.",
        0.97,
    ),
    detector(
        "disk_quota",
        "cause",
        "Disk quota reached",
        r"disk quota|EDQUOT|(?:storage|volume|filesystem|file|block|project) quota.{0,20}(?:exceed|reached|full)"
        r"|quota.{0,20}(?:exceed|reached).{0,30}(?:volume|disk|storage|file ?system)",
        "Compare what the user or project stores with its quota.",
        0.96,
    ),
    detector(
        "read_only_disk",
        "cause",
        "File system read-only",
        r"read[- ]only file ?system|EROFS|remount\w*.{0,40}read[- ]only|mounted read[- ]only",
        "Look in the kernel's log for disk errors before it: a file system goes read-only to protect itself.",
        0.96,
    ),
    detector(
        "disk_errors",
        "cause",
        "Disk errors",
        r"buffer i/o error|i/o error,? (?:dev|on (?:dev|sd|nvme|vd|xvd))|blk_update_request|medium error|bad sectors?"
        r"|unrecovered read error|(?:ext[234]-fs|xfs|btrfs)\b.{0,40}\b(?:error|corruption|shut ?down)"
        r"|smart.{0,20}(?:fail|threshold exceeded)",
        "Look at the disk's health, and move off it.",
        0.94,
    ),
    detector(
        "disk_full",
        "cause",
        "Disk full",
        r"no space left|disk (?:is )?(?:almost )?full|ENOSPC"
        r"|(?:disk|volume|filesystem|partition|/var\S*|/data\S*).{0,40}(?:9[0-9]|100) ?%"
        r"|(?:disk|volume|file ?system|partition).{0,20}(?:is full|used up|out of space)"
        r"|low disk space|disk usage (?:above|over)|could not (?:extend|write).{0,40}space",
        "See what grew on the volume, and free or extend it; if bytes are free, look at `df -i`.",
        0.95,
    ),
    detector(
        "file_descriptors",
        "cause",
        "File descriptors used up",
        r"too many open files|EMFILE|ENFILE|(?:out of|no (?:free|more)) (?:file )?descriptors"
        rf"|(?:file )?descriptors?\b.{{0,40}}{_FULL}|\b(?:nofile|fd|open files) limit",
        "Count the process's open files and sockets against its limit; see what it does not close.",
        0.88,
    ),
    detector(
        "threads",
        "cause",
        "Threads or processes used up",
        r"unable to create (?:new )?(?:native )?thread|can't start new thread|\d+-thread limit"
        r"|fork\w*:? (?:retry: |failed: )?(?:resource temporarily unavailable|no child processes|rejected)"
        r"|pids (?:controller|cgroup|limit)|too many (?:threads|processes|goroutines)"
        rf"|(?:threads|goroutines|process(?:es)? table)\b.{{0,30}}(?:{_FULL}|(?:over|above) (?:the |its )?limit|leak)"
        r"|thread ?pool.{0,30}(?:exhaust|full|reject|saturat)|RejectedExecution"
        r"|worker (?:pool|threads?).{0,20}(?:exhaust|busy|saturat)|all workers busy",
        "Count the threads or workers against their limit, and read in a dump what they wait for.",
        0.86,
    ),
    detector(
        "local_ports",
        "cause",
        "Local ports used up",
        r"cannot assign requested address|EADDRNOTAVAIL|SNAT.{0,20}(?:exhaust|port|fail)"
        rf"|(?:ephemeral|local|source|outbound) ports?.{{0,30}}{_FULL}"
        r"|(?:\bno|out of) (?:free |more |available )?(?:ephemeral |local |source |outbound )ports?\b",
        "Count connections in TIME-WAIT by target; keep connections open, or widen the range of local ports.",
        0.88,
    ),
    detector(
        "connection_table",
        "cause",
        "Connection tracking table full",
        r"conntrack.{0,60}(?:full|exhaust|limit|dropp|overflow)|connection[- ]tracking.{0,30}(?:full|limit|exhaust)",
        "Compare the table's count with its maximum, and see who opens so many connections.",
        0.92,
    ),
    detector(
        "port_taken",
        "cause",
        "Port already taken",
        r"address already in use|EADDRINUSE|port \d+ (?:is )?already (?:in use|allocated|bound|taken)",
        "See which process holds the port: often it is the instance before, which did not end.",
        0.85,
    ),
    detector(
        "image_pull",
        "cause",
        "Image cannot be pulled",
        r"ErrImagePull|ImagePullBackOff|InvalidImageName|failed to pull|back-?off pulling|pull(?:ing)? access denied"
        r"|manifest (?:unknown|for \S+ not found)|image.{0,60}(?:not found|cannot be pulled|does not exist)",
        "See whether the image's tag exists, and whether the node may pull it and reaches the registry.",
        0.9,
    ),
    detector(
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
    detector(
        "garbage_collection",
        "cause",
        "Long garbage collections",
        r"gc overhead|full gc|gc pause(?!\W+(?:of |took )?\d{1,2}(?:\.\d+)? ?ms)|pause full|stop[- ]the[- ]world"
        r"|to-space exhausted|allocation failure|long gc|jvm pause|safepoint",
        "Compare the heap with its limit; take a heap histogram.",
        0.75,
    ),
    detector(
        "cpu",
        "cause",
        "Processor saturated",
        r"cpu.{0,20}(?:throttl|saturat|steal|9\d ?%|100 ?%)|load average.{0,20}(?:high|\d{2,})"
        r"|event loop.{0,20}(?:lag|blocked|delay)|soft lockup|catastrophic backtracking|hung task"
        r"|blocked for more than",
        "Profile the process; compare with the version before.",
        0.75,
    ),
)
