//! The words of the page of a block, in the languages of those who meet it.

/// The page's words in one language.
#[derive(Debug)]
pub(super) struct Words {
    /// Its code (ISO 639-1).
    pub(super) code: &'static str,
    pub(super) blocked: &'static str,
    pub(super) why_blocked: &'static str,
    pub(super) free: &'static str,
    pub(super) why_free: &'static str,
    pub(super) address: &'static str,
    pub(super) reason: &'static str,
    pub(super) since: &'static str,
    pub(super) until: &'static str,
    pub(super) ended: &'static str,
    pub(super) number: &'static str,
    pub(super) wrong: &'static str,
    pub(super) appeal: &'static str,
}

#[rustfmt::skip]
const ALL: [Words; 7] = [
    Words {
        code: "en", blocked: "This address is blocked",
        why_blocked: "It is held to be malicious. You were kept from it to protect you.",
        free: "This address is not blocked", why_free: "It was blocked, and is no longer.",
        address: "Address", reason: "Reason", since: "Blocked since", until: "Blocked until", ended: "Ended",
        number: "Number of this block", wrong: "Is this wrong?",
        appeal: "Anybody can object, without an account: give the number above and say why. Somebody answers within a day:",
    },
    Words {
        code: "fr", blocked: "Cette adresse est bloquée",
        why_blocked: "Elle est considérée comme malveillante. L’accès a été empêché pour vous protéger.",
        free: "Cette adresse n’est pas bloquée", why_free: "Elle l’a été et ne l’est plus.",
        address: "Adresse", reason: "Motif", since: "Bloquée depuis", until: "Bloquée jusqu’au", ended: "Terminé",
        number: "Numéro de ce blocage", wrong: "Est-ce une erreur ?",
        appeal: "Toute personne peut contester, sans compte : indiquez le numéro ci-dessus et expliquez pourquoi. Une personne répond sous un jour :",
    },
    Words {
        code: "de", blocked: "Diese Adresse ist gesperrt",
        why_blocked: "Sie gilt als schädlich. Zu Ihrem Schutz wurde der Zugriff verhindert.",
        free: "Diese Adresse ist nicht gesperrt", why_free: "Sie war gesperrt und ist es nicht mehr.",
        address: "Adresse", reason: "Grund", since: "Gesperrt seit", until: "Gesperrt bis", ended: "Beendet",
        number: "Nummer dieser Sperre", wrong: "Ist das falsch?",
        appeal: "Jeder kann ohne Konto widersprechen: Nennen Sie die Nummer oben und den Grund. Ein Mensch antwortet binnen eines Tages:",
    },
    Words {
        code: "es", blocked: "Esta dirección está bloqueada",
        why_blocked: "Se considera maliciosa. Se ha impedido el acceso para protegerle.",
        free: "Esta dirección no está bloqueada", why_free: "Estuvo bloqueada y ya no lo está.",
        address: "Dirección", reason: "Motivo", since: "Bloqueada desde", until: "Bloqueada hasta", ended: "Terminado",
        number: "Número de este bloqueo", wrong: "¿Es un error?",
        appeal: "Cualquiera puede reclamar, sin cuenta: indique el número de arriba y explique por qué. Una persona responde en un día:",
    },
    Words {
        code: "it", blocked: "Questo indirizzo è bloccato",
        why_blocked: "È ritenuto dannoso. L’accesso è stato impedito per proteggerla.",
        free: "Questo indirizzo non è bloccato", why_free: "Era bloccato e non lo è più.",
        address: "Indirizzo", reason: "Motivo", since: "Bloccato dal", until: "Bloccato fino al", ended: "Terminato",
        number: "Numero di questo blocco", wrong: "È un errore?",
        appeal: "Chiunque può opporsi, senza un account: indichi il numero qui sopra e spieghi perché. Una persona risponde entro un giorno:",
    },
    Words {
        code: "pl", blocked: "Ten adres jest zablokowany",
        why_blocked: "Uznano go za złośliwy. Dostęp wstrzymano, aby Cię chronić.",
        free: "Ten adres nie jest zablokowany", why_free: "Był zablokowany, ale już nie jest.",
        address: "Adres", reason: "Powód", since: "Zablokowany od", until: "Zablokowany do", ended: "Zakończono",
        number: "Numer tej blokady", wrong: "Czy to pomyłka?",
        appeal: "Każdy może wnieść sprzeciw bez zakładania konta: podaj powyższy numer i napisz dlaczego. Człowiek odpowie w ciągu doby:",
    },
    Words {
        code: "nl", blocked: "Dit adres is geblokkeerd",
        why_blocked: "Het wordt als kwaadaardig beschouwd. De toegang is verhinderd om u te beschermen.",
        free: "Dit adres is niet geblokkeerd", why_free: "Het was geblokkeerd en is dat niet meer.",
        address: "Adres", reason: "Reden", since: "Geblokkeerd sinds", until: "Geblokkeerd tot", ended: "Beëindigd",
        number: "Nummer van deze blokkade", wrong: "Klopt dit niet?",
        appeal: "Iedereen kan bezwaar maken, zonder account: noem het nummer hierboven en zeg waarom. Een mens antwoordt binnen een dag:",
    },
];

/// The words in the language that the visitor likes best (RFC 9110, section 12.5.4); English where there are none.
pub(super) fn choose(accepted: &str) -> &'static Words {
    let mut best: (f32, &'static Words) = (0.0, &ALL[0]);
    for part in accepted.split(',').take(32) {
        let mut fields = part.split(';').map(str::trim);
        let code = fields.next().unwrap_or_default();
        let code = code.split('-').next().unwrap_or_default();
        let weight = fields.find_map(|field| field.strip_prefix("q=")?.parse().ok()).unwrap_or(1.0);
        let known = ALL.iter().find(|words| words.code.eq_ignore_ascii_case(code));
        if let Some(words) = known
            && weight > best.0
        {
            best = (weight, words);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_liked_best_is_chosen() {
        for (accepted, code) in [
            ("", "en"),
            ("fr", "fr"),
            ("fr-CH, fr;q=0.9, en;q=0.8", "fr"),
            ("en;q=0.5, de;q=0.9", "de"),
            ("xx, PL;q=0.1", "pl"),
            ("*, ;;q=,", "en"),
            ("nl;q=NaN, it;q=0.2", "it"),
        ] {
            assert_eq!(choose(accepted).code, code, "{accepted}");
        }
    }
}
