"""Signatures of names, certificates and rights: the other side is not found, not trusted, or does not let in."""

from workers.logs.detector import Detector, detector

_CERTIFICATE = r"cert(?:ificate)?s?"

TRUST: tuple[Detector, ...] = (
    detector(
        "certificate_expired",
        "cause",
        "Certificate expired",
        # Go says "has expired or is not yet valid" for both; what follows tells which.
        rf"{_CERTIFICATE}\b.{{0,40}}expired(?!.{{0,120}} is before )|CERT_HAS_EXPIRED|{_CERTIFICATE} expired",
        "Look at the certificate's dates, and at the job that renews it.",
        0.93,
    ),
    detector(
        "certificate_early",
        "cause",
        "Certificate not valid yet",
        rf"{_CERTIFICATE}\b.{{0,60}} is before |{_CERTIFICATE} (?:is )?not yet valid|CERT_NOT_YET_VALID"
        r"|CertificateNotYetValid",
        "Compare the certificate's first day with the clock of the host that refuses it.",
        0.92,
    ),
    detector(
        "certificate_issuer",
        "cause",
        "Certificate's issuer not trusted",
        r"unknown (?:authority|ca)\b|unable to (?:get|verify).{0,20}(?:issuer|certificate)|self[- ]signed certificate"
        r"|PKIX path|UNABLE_TO_VERIFY|SELF_SIGNED|DEPTH_ZERO|untrusted root|issuer.{0,20}(?:not trusted|unknown)",
        "Compare the chain that is sent with the authorities that this host trusts; see who issued it anew.",
        0.92,
    ),
    detector(
        "certificate_name",
        "cause",
        "Certificate for another name",
        rf"{_CERTIFICATE}\b.{{0,20}}(?:is )?(?:not )?valid for (?!\d)|host ?name.{{0,20}}(?:mismatch|does not match)"
        r"|doesn't match.{0,40}certificate|ALTNAME_INVALID|no alternative.{0,20}name",
        "Compare the name that is called with the names in the certificate.",
        0.92,
    ),
    detector(
        "certificate",
        "cause",
        "Certificate problem",
        rf"{_CERTIFICATE}.{{0,40}}(?:invalid|not valid|revoked|verify failed|unknown|untrusted|mismatch)|x509"
        r"|CERTIFICATE_VERIFY_FAILED|SSL ?handshake|TLS ?handshake.{0,30}(?:fail|error)|bad certificate",
        "Look at the certificate's dates and chain, and at the job that renews it.",
        0.9,
    ),
    detector(
        "dns_unanswered",
        "cause",
        "Name server not answering",
        r"lookup \S+ on \S+:53\b.{0,60}(?:time(?:d )?out|server misbehaving|refused)"
        r"|lookup [\w-]+(?:\.[\w-]+)+.{0,40}time(?:d )?out"
        r"|temporary failure in name resolution|EAI_AGAIN|SERVFAIL|no (?:name ?)?servers could be reached"
        r"|(?:dns|resolver|name ?server).{0,30}(?:time[d ]? ?out|not answer|unreachable|no answer|no response)",
        "Ask the name server itself; look at its load, and at the way to it.",
        0.87,
    ),
    detector(
        "dns",
        "cause",
        "Name resolution failing",
        r"NXDOMAIN|no such host|name resolution|getaddrinfo|could not resolve|cannot resolve|UnknownHost"
        r"|name or service not known|dns (?:lookup|query|resolution)?.{0,20}(?:fail|error)|ENOTFOUND",
        "Resolve the name from the same host; compare its spelling with the settings, and see recent DNS changes.",
        0.85,
    ),
    detector(
        "secret_missing",
        "cause",
        "Secret not to be had",
        r"secrets?\b.{0,40}(?:not found|is missing|unavailable|does not exist|could not be (?:read|loaded|fetched))"
        r"|(?:vault|key ?store|key ring|hsm).{0,20}(?:sealed|locked|unavailable)|no such (?:secret|key)\b"
        r"|couldn't find key .{0,40} in secret",
        "See whether the secret exists under that name, and whether its store is open.",
        0.86,
    ),
    detector(
        "permissions",
        "cause",
        "File or resource not permitted",
        r"\bEACCES\b|\bEPERM\b|operation not permitted|permission denied.{0,10}[:'\"( ]+/"
        r"|/\S+['\")]?:? permission denied|not authori[sz]ed to perform|is forbidden: user"
        r"|does not have .{0,30}permission",
        "Compare owner, mode and policy with the user of the process; see what was mounted or granted anew.",
        0.82,
    ),
    detector(
        "credentials",
        "cause",
        "Credentials refused",
        r"invalid (?:credentials|api key|token|signature|client secret|password)|(?:authentication"
        r"|authorization|login|auth) fail|password authentication|access denied|permission denied"
        r"|(?:token|secret|api key|access key|credential|password|key).{0,30}(?:expired|revoked|rotated"
        r"|rejected)|unauthori[sz]ed|AccessDenied|InvalidClientTokenId|signature (?:verification"
        r"|mismatch|invalid|does not match)|\bforbidden\b",
        "See when the secret was rotated, and whether every reader has the new one.",
        0.75,
    ),
)
