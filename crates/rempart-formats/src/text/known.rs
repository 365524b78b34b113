//! Names that reports mention without meaning them as indicators.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What a well-known host is known for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// A security vendor, agency or researcher that publishes reports.
    Publisher,
    /// A place that reports link to: an encyclopaedia of attacks, a news site, a social network.
    Reference,
    /// A service that malware contacts as well as everybody else: named, it is context; with a path
    /// behind it, defanged, it is an indicator.
    Service,
    /// A name reserved for documentation (RFC 2606).
    Documentation,
}

const PUBLISHERS: &str = "
360.cn 360totalsecurity.com abuse.ch ahnlab.com akamai.com amnesty.org any.run anomali.com antiy.cn antiy.net
aquasec.com arcticwolf.com asec.ahnlab.com avast.com avast.io avira.com binarydefense.com bitdefender.com
bitsight.com bleepingcomputer.com blackberry.com bushidotoken.net cado.com cadosecurity.com cert.at cert.europa.eu
cert.gov.ua cert.pl cert.ssi.gouv.fr certfr.gov.fr checkpoint.com cisa.gov cisco.com citizenlab.ca clearskysec.com
cloudsek.com cluster25.io cofense.com cossacklabs.com crowdstrike.com cyble.com cybereason.com cyberark.com
cybercrime-tracker.net cyberint.com cyberscoop.com cynet.com darkreading.com darktrace.com deepinstinct.com
deepinstinct.com docguard.io domaintools.com dragos.com elastic.co embeeresearch.io enisa.europa.eu eset.com eset.sk eset.cz
f-secure.com f5.com fireeye.com first.org flashpoint.io forcepoint.com fortinet.com fortiguard.com fox-it.com
gdatasoftware.com google-zero.com greynoise.io group-ib.com group-ib.ru gteltsc.vn harfanglab.io huntress.com
huntresslabs.com hunt.io ibm.com imperva.com infoblox.com inquest.net intel471.com intezer.com intrinsec.com
isc.sans.edu jfrog.com jpcert.or.jp juniper.net kaspersky.com kasperskycontenthub.com knownsec.com kroll.com
krebsonsecurity.com lab52.io lookout.com lumen.com malpedia.caad.fkie.fraunhofer.de malware-traffic-analysis.net
malwarebytes.com malwarehunterteam.com mandiant.com mcafee.com menlosecurity.com microsoft.com mitre.org morphisec.com
ncsc.gov.uk netlab.360.com netresec.com netscout.com netskope.com nextron-systems.com nist.gov nviso.eu objective-see.com
objective-see.org oalabs.openanalysis.net openanalysis.net orangecyberdefense.com palo-alto.com paloaltonetworks.com
perception-point.io phishlabs.com positive.security prevailion.com prodaft.com proofpoint.com ptsecurity.com
pwc.com qianxin.com qualys.com quickheal.com quointelligence.eu rapid7.com recordedfuture.com redcanary.com
reversinglabs.com riskiq.com riskiq.net sans.edu sans.org secureworks.com securelist.com securityaffairs.co
securityaffairs.com securityintelligence.com securityweek.com seqrite.com sekoia.io sentinelone.com shadowserver.org
silentpush.com snyk.io socradar.io sonicwall.com sonatype.com sophos.com spamhaus.org splunk.com stairwell.com
stratosphereips.org sucuri.net symantec.com symantec-enterprise-blogs.security.com security.com sygnia.co sysdig.com
talosintelligence.com team-cymru.com telsy.com tenable.com tgsoft.it thalesgroup.com thedfirreport.com
thehackernews.com therecord.media threatbook.cn threatconnect.com threatfabric.com threatmon.io threatpost.com
threatray.com trellix.com trendmicro.com trendmicro.de trustwave.com truesec.com tria.ge unit42.com uptycs.com
us-cert.gov vectra.ai verisign.com virusbulletin.com virusbtn.com virusradar.com vmray.com vmware.com volexity.com
vulncheck.com walmart.com welivesecurity.com withsecure.com wiz.io yoroi.company zdnet.com zerodayinitiative.com
zimperium.com zscaler.com snort.org clamav.net immunityinc.com pangu8.com seebug.org qi-anxin.com enigmasoftware.com
hybrid-analysis.com joesandbox.com joesecurity.org urlscan.io virustotal.com malshare.com censys.io shodan.io
unpac.me filescan.io analyze.intezer.com app.any.run malwarebazaar.abuse.ch validin.com cybersecurity-help.cz
cert-in.org.in cisecurity.org ic3.gov fbi.gov justice.gov europol.europa.eu ncsc.nl bsi.bund.de govcert.ch
switch.ch circl.lu misp-project.org oasis-open.org stopransomware.gov nsa.gov whitehouse.gov
";

const REFERENCES: &str = "
attack.mitre.org cve.org cvedetails.com exploit-db.com wikipedia.org wikimedia.org twitter.com x.com t.co linkedin.com
lnkd.in facebook.com instagram.com youtube.com youtu.be medium.com reddit.com mastodon.social infosec.exchange bsky.app
bsky.social arstechnica.com wired.com zdnet.com reuters.com bbc.co.uk bbc.com cnn.com nytimes.com theguardian.com
washingtonpost.com techcrunch.com forbes.com theregister.com theregister.co.uk vice.com slideshare.net
speakerdeck.com arxiv.org doi.org acm.org ieee.org springer.com usenix.org sciencedirect.com ietf.org
rfc-editor.org w3.org iana.org icann.org stackoverflow.com stackexchange.com superuser.com serverfault.com man7.org
python.org docs.rs readthedocs.io readthedocs.org gnu.org kernel.org apache.org nginx.org mozilla.org php.net
oracle.com java.com openssl.org eff.org creativecommons.org europa.eu gov.uk spdx.org shields.io img.shields.io
feedburner.com gravatar.com substack.com patreon.com web.archive.org archive.org archive.is archive.ph
gist.githubusercontent.com github.com github.io githubusercontent.com gitlab.com bitbucket.org sourceforge.net
docs.microsoft.com learn.microsoft.com msdn.microsoft.com technet.microsoft.com support.microsoft.com
blogs.microsoft.com msrc.microsoft.com android.com developer.android.com developer.apple.com support.apple.com
k8s.io kubernetes.io emergingthreats.net blogspot.com wordpress.com wordpress.org blog.google googleprojectzero.blogspot.com cloud.google.com npmjs.com pypi.org
rubygems.org crates.io packagist.org hub.docker.com docker.com launchpad.net bugzilla.redhat.com redhat.com debian.org
ubuntu.com any.do gartner.com statista.com weforum.org csoonline.com computerworld.com infoworld.com
";

const SERVICES: &str = "
google.com google.de google.fr google.co.uk google.ru googleapis.com gstatic.com googleusercontent.com goo.gl
googletagmanager.com google-analytics.com doubleclick.net gmail.com outlook.com hotmail.com live.com office.com
office365.com microsoftonline.com windowsupdate.com windows.com windows.net azure.com sharepoint.com onedrive.com
onedrive.live.com 1drv.ms skype.com bing.com msn.com yahoo.com yandex.ru yandex.com baidu.com qq.com mail.ru vk.com
apple.com icloud.com amazon.com amazonaws.com cloudfront.net cloudflare.com akamaihd.net fastly.net adobe.com
dropbox.com dropboxusercontent.com mega.nz mediafire.com wetransfer.com box.com pastebin.com pastebin.pl hastebin.com
paste.ee ghostbin.com rentry.co telegra.ph telegram.org t.me telegram.me api.telegram.org discord.com discordapp.com
discord.gg cdn.discordapp.com whatsapp.com whatsapp.net signal.org zoom.us slack.com trello.com notion.so evernote.com
bit.ly tinyurl.com is.gd ipify.org api.ipify.org ipinfo.io ip-api.com icanhazip.com ifconfig.me ifconfig.co
checkip.amazonaws.com checkip.dyndns.org whatismyip.com whatismyipaddress.com myip.dnsomatic.com ipecho.net wtfismyip.com
ident.me geoplugin.net freegeoip.net freegeoip.app ipapi.co ip.sb ipwhois.app myexternalip.com api.myip.com
ngrok.io ngrok.com duckdns.org no-ip.com noip.com dyndns.org cloudns.net steamcommunity.com
paypal.com ebay.com netflix.com wikipedia.org blockchain.info blockchain.com etherscan.io binance.com coinbase.com
torproject.org protonmail.com proton.me tutanota.com zoho.com sendgrid.net mailchimp.com wix.com weebly.com
godaddy.com namecheap.com letsencrypt.org digicert.com comodo.com sectigo.com verisign.net globalsign.com
windows.update.com dns.google one.one.one.one opendns.com quad9.net facebook.com instagram.com twitter.com youtube.com
linkedin.com dhl.com fedex.com ups.com usps.com docusign.com docusign.net office.net xfinity.com comcast.net
";

const DOCUMENTATION: &str =
    "example.com example.net example.org domain.com domain.tld yourdomain.com test.com";

static HOSTS: LazyLock<HashMap<&'static str, Known>> = LazyLock::new(|| {
    let groups = [
        (SERVICES, Known::Service),
        (PUBLISHERS, Known::Publisher),
        (REFERENCES, Known::Reference),
        (DOCUMENTATION, Known::Documentation),
    ];
    // A name of two groups belongs to the later one; one of a longer name, to what it says itself.
    groups.iter().flat_map(|(names, known)| names.split_whitespace().map(|name| (name, *known))).collect()
});

/// What `host`, in canonical form, or the nearest name above it is known for.
pub(super) fn host(host: &str) -> Option<Known> {
    let mut name = host;
    loop {
        if let Some(known) = HOSTS.get(name) {
            return Some(*known);
        }
        name = name.split_once('.')?.1;
    }
}

/// Whether anybody can put content, or a whole site, below `host`.
pub(super) fn is_shared(host: &str) -> bool {
    const SHARED: &[&str] = &[
        "blogspot.com",
        "wordpress.com",
        "github.io",
        "githubusercontent.com",
        "amazonaws.com",
        "cloudfront.net",
        "azure.com",
        "windows.net",
        "googleusercontent.com",
        "sharepoint.com",
        "ngrok.io",
        "duckdns.org",
        "weebly.com",
        "wix.com",
        "web.app",
        "firebaseapp.com",
        "readthedocs.io",
        "substack.com",
        "medium.com",
        "cloudns.net",
        "googleapis.com",
        "dropboxusercontent.com",
    ];
    SHARED.iter().any(|shared| {
        host.strip_suffix(shared).is_some_and(|rest| rest.ends_with('.') && rest.len() > 1 && rest != "www.")
    })
}

/// Whether a URL is a channel into somebody's chat: bots and webhooks, which only their owner uses.
pub(super) fn is_channel(url: &str) -> bool {
    const CHANNELS: &[&str] =
        &["//api.telegram.org/bot", "//discord.com/api/webhooks/", "//discordapp.com/api/webhooks/"];
    CHANNELS.iter().any(|channel| url.contains(channel))
}

/// Hashes of nothing, or of what is on every machine: the empty file.
pub(super) fn is_empty_file(hash: &str) -> bool {
    const EMPTY: &[&str] = &[
        "d41d8cd98f00b204e9800998ecf8427e",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
    ];
    EMPTY.contains(&hash)
}

/// Addresses that reach nobody in particular, or everybody: not routed, or public resolvers.
pub(super) fn address(value: &str) -> Option<&'static str> {
    let address: std::net::IpAddr = value.split('/').next()?.parse().ok()?;
    match address {
        std::net::IpAddr::V4(v4) => {
            if v4.is_private() || v4.is_loopback() || v4.is_link_local() {
                return Some("is not routed on the Internet");
            }
            let first = v4.octets()[0];
            if first == 0 || first >= 224 {
                return Some("is no address of a host");
            }
            matches!(v4.octets(), [8, 8, 8, 8] | [8, 8, 4, 4] | [1, 1, 1, 1] | [1, 0, 0, 1] | [9, 9, 9, 9])
                .then_some("is a public resolver")
        }
        std::net::IpAddr::V6(v6) => (v6.is_loopback()
            || v6.is_unspecified()
            || v6.is_multicast()
            || matches!(v6.segments()[0] & 0xffc0, 0xfe80)
            || matches!(v6.segments()[0] & 0xfe00, 0xfc00))
        .then_some("is not routed on the Internet"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_known_name_above_a_host_decides() {
        assert_eq!(host("www.virustotal.com"), Some(Known::Publisher));
        assert_eq!(host("api.telegram.org"), Some(Known::Service));
        assert_eq!(host("learn.microsoft.com"), Some(Known::Reference));
        assert_eq!(host("evil.example"), None);
        assert_eq!(host("notgithub.com"), None);
        assert!(is_shared("evil.github.io") && !is_shared("github.io") && !is_shared("www.wix.com"));
    }
}
