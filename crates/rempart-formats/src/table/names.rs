//! What the names of columns mean, and what feeds call the kinds of values.

use rempart_model::Kind;

/// What a column's name says of its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The value of the record, of whatever kind; a type column may say which.
    Value,
    /// A value of one kind.
    Of(Kind),
    /// A hash; its length says which.
    Hash,
    /// A name or an address.
    Host,
    /// The host name of an address that stands in another column: seen with it, not itself meant.
    HostNearby,
    /// The other end of a connection.
    OtherEnd,
    /// The autonomous system of an address.
    Asn,
    /// The name of a file.
    FileName,
    /// The kind of the value.
    Type,
    /// When the claim begins.
    FirstSeen,
    /// When the source wrote it down.
    Added,
    /// When it was last seen.
    LastSeen,
    /// When it ends.
    ValidUntil,
    /// 0 to 100, or a word.
    Confidence,
    /// TLP.
    Tlp,
    /// PAP.
    Pap,
    /// The kind of threat.
    Category,
    /// A malware family, a campaign, tags.
    Label,
    /// A text.
    Description,
    /// A URL, or the place that says so.
    Reference,
    /// The country of victims.
    TargetCountry,
    /// What tells the record from others of its source.
    Id,
    /// A port: tells records with the same address apart.
    Port,
}

/// A name without case, blanks and punctuation.
pub(crate) fn folded(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).take(80).collect()
}

/// The meaning of a column's name, in any case, with blanks, underscores, dots or nothing between
/// its words.
pub(crate) fn meaning(name: &str) -> Option<Meaning> {
    let name = folded(name);
    let name = name.strip_suffix("utc").filter(|rest| rest.len() > 3).unwrap_or(&name);
    Some(match name {
        "ioc" | "iocs" | "iocvalue" | "indicator" | "indicators" | "indicatorvalue" | "value"
        | "observable" | "observablevalue" | "artifact" | "artefact" | "threatindicator" => Meaning::Value,
        "ip"
        | "ips"
        | "ipaddress"
        | "ipaddr"
        | "ipv4"
        | "ipv6"
        | "ipv4address"
        | "ipv6address"
        | "srcip"
        | "sourceip"
        | "sourceipaddress"
        | "address"
        | "addr"
        | "networkipv4"
        | "networkipv6"
        | "networksourceipv4"
        | "networksourceipv6"
        | "attackerip"
        | "c2ip"
        | "malwareip"
        | "badip"
        | "maliciousip"
        | "dstip"
        | "destinationip"
        | "destip"
        | "networkdestinationipv4"
        | "networkdestinationipv6"
        | "targetip"
        | "remoteip" => match name {
            "dstip"
            | "destinationip"
            | "destip"
            | "networkdestinationipv4"
            | "networkdestinationipv6"
            | "targetip"
            | "remoteip" => Meaning::OtherEnd,
            _ => Meaning::Of(Kind::Ipv4),
        },
        "network" | "cidr" | "subnet" | "netblock" | "prefix" | "sourcenetwork" | "iprange" => {
            Meaning::Of(Kind::Cidr)
        }
        "domain" | "domains" | "domainname" | "fqdn" | "c2domain" | "maliciousdomain" | "sourcefqdn"
        | "sourcedomainname" | "dns" | "dnsname" => Meaning::Of(Kind::Domain),
        "host" | "c2" | "c2server" | "cc" | "cnc" | "server" | "indicatorhost" => match name {
            // `cc` is a country code far more often than a command-and-control server.
            "cc" => return None,
            _ => Meaning::Host,
        },
        "hostname" | "srchostname" | "rdns" | "reversedns" | "sourcereversedns" | "ptr" => {
            Meaning::HostNearby
        }
        "dsthostname" | "dsthost" | "destinationhost" | "destinationfqdn" => Meaning::OtherEnd,
        "url" | "urls" | "uri" | "maliciousurl" | "phishurl" | "phishingurl" | "malwareurl" | "sourceurl"
        | "c2url" | "httpurl" => Meaning::Of(Kind::Url),
        "md5" | "md5hash" | "hashmd5" | "filemd5" | "malwarehashmd5" | "filehashmd5" => {
            Meaning::Of(Kind::Md5)
        }
        "sha1" | "sha1hash" | "hashsha1" | "filesha1" | "malwarehashsha1" | "filehashsha1" => {
            Meaning::Of(Kind::Sha1)
        }
        "sha256" | "sha256hash" | "hashsha256" | "filesha256" | "malwarehashsha256" | "filehashsha256" => {
            Meaning::Of(Kind::Sha256)
        }
        "sha512" | "sha512hash" | "hashsha512" | "filesha512" | "filehashsha512" => Meaning::Of(Kind::Sha512),
        "hash" | "hashes" | "filehash" | "checksum" | "digest" | "malwarehash" | "samplehash" => {
            Meaning::Hash
        }
        "email" | "emailaddress" | "mail" | "emails" | "sender" | "senderaddress" | "mailfrom"
        | "fromaddress" => Meaning::Of(Kind::Email),
        "cve" | "cveid" | "cves" => Meaning::Of(Kind::Cve),
        "asn" | "asnumber" | "autonomoussystem" | "sourceasn" | "srcasn" => Meaning::Asn,
        "filename" | "file" | "malwarefilename" => Meaning::FileName,
        "type" | "ioctype" | "indicatortype" | "observabletype" | "datatype" | "valuetype" | "kind"
        | "artifacttype" => Meaning::Type,
        "firstseen"
        | "firstseenat"
        | "firstreported"
        | "firstreporteddatetime"
        | "firstdetected"
        | "validfrom"
        | "starttime"
        | "firstobserved" => Meaning::FirstSeen,
        "dateadded" | "added" | "adddate" | "addedat" | "date" | "timestamp" | "time" | "datetime"
        | "created" | "createdat" | "createddate" | "creationdate" | "createtime" | "detectiondate"
        | "detected" | "sourcetime" | "timesource" | "listingdate" | "submissiontime" | "discovered"
        | "ts" | "published" | "reportdate" | "dateseen" | "seen" | "observed" | "eventtime"
        | "observationtime" | "timeobservation" | "metadateadded" => Meaning::Added,
        "lastseen"
        | "lastseenat"
        | "lastonline"
        | "lastreported"
        | "lastreporteddatetime"
        | "lastupdate"
        | "lastupdated"
        | "lastactivity"
        | "updated"
        | "updatedat"
        | "lastobserved"
        | "lastdetected"
        | "modified"
        | "lastmodified" => Meaning::LastSeen,
        "validuntil"
        | "validto"
        | "expires"
        | "expiresat"
        | "expiry"
        | "expiration"
        | "expirationdate"
        | "expirationdatetime"
        | "indicatorexpirationdatetime"
        | "expirydate" => Meaning::ValidUntil,
        "confidence" | "confidencelevel" | "certainty" | "confidencescore" => Meaning::Confidence,
        "tlp" | "tlplevel" | "tlpcolor" | "tlpcolour" | "trafficlightprotocol" | "tlpmarking" => Meaning::Tlp,
        "pap" | "paplevel" => Meaning::Pap,
        "category"
        | "categories"
        | "threattype"
        | "threat"
        | "classification"
        | "classificationtype"
        | "classificationtaxonomy"
        | "indicatorthreattype"
        | "attacktype"
        | "threatcategory"
        | "eventtype"
        | "abusetype" => Meaning::Category,
        "malware"
        | "malwarename"
        | "malwarefamily"
        | "malwareprintable"
        | "malwarealias"
        | "fkmalware"
        | "family"
        | "tags"
        | "tag"
        | "labels"
        | "label"
        | "signature"
        | "threatname"
        | "campaign"
        | "actor"
        | "threatactor"
        | "botnet"
        | "botname"
        | "infection"
        | "trojanfamily"
        | "malwareversion"
        | "classificationidentifier" => Meaning::Label,
        "comment"
        | "comments"
        | "description"
        | "desc"
        | "note"
        | "notes"
        | "details"
        | "detail"
        | "message"
        | "listingreason"
        | "title"
        | "reason"
        | "context"
        | "remarks"
        | "eventdescriptiontext" => Meaning::Description,
        "reference" | "references" | "ref" | "link" | "links" | "urlhauslink" | "permalink" | "source"
        | "sources" | "externalreference" | "externalreferences" | "phishdetailurl" | "reporturl"
        | "metaurl" | "metasource" | "sourcelink" | "referenceurl" => Meaning::Reference,
        "victimcountry" | "victimcountries" | "victimcc" | "targetcountry" | "targetcountries"
        | "targetedcountry" | "targetedcountries" | "countryofvictim" | "targetcc" => Meaning::TargetCountry,
        "id" | "iocid" | "indicatorid" | "eventid" | "phishid" | "uuid" | "guid" | "externalid"
        | "defacementid" | "entryid" => Meaning::Id,
        "port"
        | "dstport"
        | "destport"
        | "destinationport"
        | "remoteport"
        | "srcport"
        | "sourceport"
        | "networksourceport"
        | "networkdestinationport"
        | "c2port" => Meaning::Port,
        _ => return None,
    })
}

/// The kind that a feed's word for a type stands for; `None` where the word only says "a hash" or
/// nothing that restricts the value.
pub(crate) fn kind_of(word: &str) -> Option<Kind> {
    let word = word.trim();
    // `ip-dst|port` of MISP, `Intel::ADDR` of Zeek, `ipv4-addr:value` of STIX.
    let word = word.split('|').next().unwrap_or(word);
    let word = word.strip_prefix("Intel::").unwrap_or(word);
    let word = word.strip_suffix(":value").or_else(|| word.strip_suffix(":name")).unwrap_or(word);
    Some(match folded(word).as_str() {
        "ip" | "ips" | "ipsrc" | "ipdst" | "ipv4" | "ipv4addr" | "ipv4address" | "ipaddress" | "ipaddr"
        | "addr" | "address" | "ipport" | "ipv4port" | "networkip" | "c2ip" => Kind::Ipv4,
        "ipv6" | "ipv6addr" | "ipv6address" => Kind::Ipv6,
        "cidr" | "subnet" | "network" | "netblock" | "ipv4cidr" | "ipv6cidr" | "iprange" => Kind::Cidr,
        "domain" | "domainname" | "hostname" | "fqdn" | "host" | "dns" | "c2domain" => Kind::Domain,
        "url" | "urls" | "link" | "maliciousurl" | "phishingurl" | "c2url" => Kind::Url,
        "email" | "emailsrc" | "emaildst" | "emailaddr" | "emailaddress" | "mail" | "emailfrom" => {
            Kind::Email
        }
        "md5" | "filehashmd5" | "hashmd5" | "md5hash" | "filemd5" => Kind::Md5,
        "sha1" | "filehashsha1" | "hashsha1" | "sha1hash" | "filesha1" => Kind::Sha1,
        "sha256" | "filehashsha256" | "hashsha256" | "sha256hash" | "filesha256" => Kind::Sha256,
        "sha512" | "filehashsha512" | "hashsha512" | "sha512hash" | "filesha512" => Kind::Sha512,
        "cve" | "vulnerability" | "cveid" => Kind::Cve,
        "asn" | "as" | "autonomoussystem" => Kind::Asn,
        "filename" | "file" => Kind::Other("file-name".into()),
        "filepath" | "path" => Kind::Other("file-path".into()),
        "mutex" | "mutexname" => Kind::Other("mutex".into()),
        "regkey" | "registry" | "registrykey" | "windowsregistrykey" | "regkeyvalue" => {
            Kind::Other("windows-registry-key".into())
        }
        "useragent" => Kind::Other("user-agent".into()),
        "commandline" | "cmdline" | "command" => Kind::Other("command-line".into()),
        "process" | "processname" | "parentprocess" => Kind::Other("process".into()),
        "uri" | "uri1" | "uri2" | "uripath" | "urlpath" => Kind::Other("uri".into()),
        "avdetection" | "detection" => Kind::Other("av-detection".into()),
        // Words that say no more than the value itself does.
        "" | "hash" | "filehash" | "c2" | "c2server" | "cc" | "malware" | "indicator" | "ioc" | "unknown"
        | "other" | "cncserver" | "botnetcc" | "payloaddelivery" | "payload" | "observable" => return None,
        other => {
            let name: String = word
                .to_lowercase()
                .split(|c: char| !c.is_alphanumeric())
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join("-");
            let name: String = name.chars().take(60).collect();
            Kind::Other(if name.is_empty() { other.into() } else { name.into() })
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_however_they_are_written() {
        for name in ["first_seen", "First Seen", "FirstSeen", "first-seen", "firstseen", "first_seen_utc"] {
            assert_eq!(meaning(name), Some(Meaning::FirstSeen), "{name}");
        }
        assert_eq!(meaning("IPAddress"), Some(Meaning::Of(Kind::Ipv4)));
        assert_eq!(meaning("malware.hash.sha256"), Some(Meaning::Of(Kind::Sha256)));
        assert_eq!(meaning("cc"), None, "a country code is not a server");
        assert_eq!(meaning("country"), None, "a country is not a target by itself");
    }

    #[test]
    fn type_words_of_feeds_mean_kinds() {
        for (word, kind) in [
            ("ip-dst|port", Kind::Ipv4),
            ("Intel::DOMAIN", Kind::Domain),
            ("FileHash-SHA256", Kind::Sha256),
            ("domainname", Kind::Domain),
            ("ip\u{a0}", Kind::Ipv4),
            ("Email", Kind::Email),
            ("CommandLine", Kind::Other("command-line".into())),
            ("Named Pipe", Kind::Other("named-pipe".into())),
        ] {
            assert_eq!(kind_of(word), Some(kind), "{word}");
        }
        assert_eq!(kind_of("FileHash"), None);
    }
}
