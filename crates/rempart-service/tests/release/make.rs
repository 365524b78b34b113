//! Making a world from a seed. Small worlds with many meetings: few ids, few values, few names, so
//! that what one may see and what it may not see keep touching one another.

use rempart_model::{MemberKind, Tlp};

use crate::chance::Chance;
use crate::script::{Feed, Item, Label, Meaning, Party, Script, Shape, Step};

const COUNTRIES: [&str; 5] = ["FR", "DE", "IT", "EE", "PL"];

struct Maker {
    chance: Chance,
    script: Script,
    next_tag: u32,
    next_version: u32,
    /// Ids of objects that came or may come.
    ids: Vec<String>,
    /// Definitions that are referred to, with what the operator's sources say of them: of the first two,
    /// that nobody else speaks of, and that members speak of without being asked; of the third nothing,
    /// so that only what a member says of it can count, for that member's own.
    definitions: Vec<(String, Option<Meaning>)>,
    /// What was said already, for saying it again.
    said: Vec<Item>,
}

pub(crate) fn world(seed: u64) -> Script {
    let mut maker = Maker {
        chance: Chance::new(seed),
        script: Script { parties: Vec::new(), feeds: Vec::new(), steps: Vec::new() },
        next_tag: 1,
        next_version: 1,
        ids: Vec::new(),
        definitions: Vec::new(),
        said: Vec::new(),
    };
    maker.parties();
    maker.feeds();
    maker.definitions();
    for _ in 0..4 + maker.chance.below(7) {
        match maker.chance.below(100) {
            0..8 => maker.rise(),
            _ => maker.step(),
        }
    }
    for party in 0..maker.script.parties.len() {
        if maker.script.parties[party].late && !joined(&maker.script, party) {
            maker.script.steps.push(Step::Join(party));
        }
    }
    maker.script
}

fn joined(script: &Script, party: usize) -> bool {
    !script.parties[party].late
        || script.steps.iter().any(|step| matches!(step, Step::Join(other) if *other == party))
}

impl Maker {
    fn parties(&mut self) {
        for index in 0..1 + self.chance.below(5) {
            let country = *self.chance.pick(&COUNTRIES);
            let alias = self.chance.percent(40).then(|| self.chance.uuid());
            let domain = self.chance.percent(50).then(|| format!("shared{}.fr", self.chance.below(3)));
            let party = Party {
                name: format!("Member {index}"),
                alias,
                country,
                kind: self.chance.pick(&MemberKind::ALL).0,
                clearance: *self.chance.pick(&Tlp::ALL),
                domain,
                late: index > 0 && self.chance.percent(20),
            };
            self.script.parties.push(party);
        }
    }

    /// A name by which sources know somebody: of a member, or of nobody here.
    fn name(&mut self) -> String {
        match self.chance.below(4) {
            0 => (*self.chance.pick(&COUNTRIES)).to_owned(),
            1 => "Somebody else".into(),
            _ => self.called(),
        }
    }

    fn called(&mut self) -> String {
        let index = self.chance.below(self.script.parties.len());
        let party = &self.script.parties[index];
        party.alias.clone().unwrap_or_else(|| party.name.to_uppercase())
    }

    fn feeds(&mut self) {
        for index in 0..1 + self.chance.below(3) {
            let recipients = self.chance.percent(50).then(|| (0..2).map(|_| self.name()).collect());
            let there: Vec<usize> =
                (0..self.script.parties.len()).filter(|party| !self.script.parties[*party].late).collect();
            let community = self
                .chance
                .percent(40)
                .then(|| there.into_iter().filter(|_| self.chance.percent(50)).collect());
            let unmarked = *self.chance.pick(&[Tlp::Clear, Tlp::Green, Tlp::Amber, Tlp::Amber, Tlp::Red]);
            self.script.feeds.push(Feed { name: format!("feed {index}"), unmarked, recipients, community });
        }
    }

    fn definitions(&mut self) {
        for index in 0..3 {
            let id = format!("marking-definition--{}", self.chance.uuid());
            let meaning = match self.chance.below(8) {
                _ if index == 2 => None,
                0 | 1 => Some(Meaning::Statement),
                2 => Some(Meaning::Pap),
                3 => Some(Meaning::Strange),
                _ => Some(Meaning::Tlp(*self.chance.pick(&Tlp::ALL), self.chance.below(3))),
            };
            self.definitions.push((id, meaning));
        }
    }

    fn step(&mut self) {
        let step = match self.chance.below(100) {
            0..40 => self.import(),
            40..65 => self.contribution(),
            65..78 => self.clearance(),
            78..82 => self.join(),
            82..86 => self.withdrawal(),
            86..90 => Some(Step::Retract(self.some_ids())),
            90..93 => Some(Step::Expire(self.some_ids())),
            93..97 => Some(self.decision()),
            _ => Some(Step::Pass(*self.chance.pick(&[60, 86_400, 40 * 86_400]))),
        };
        self.script.steps.extend(step);
    }

    /// Somebody is told nothing of what concerns it, reads on with something else, and is then told: what
    /// it gains sight of has to come after what it has read.
    fn rise(&mut self) {
        let Some(member) = self.member() else { return };
        let (feed, country) =
            (self.chance.below(self.script.feeds.len()), self.script.parties[member].country);
        let low = *self.chance.pick(&[Tlp::Clear, Tlp::Green]);
        let high = *self.chance.pick(&[Tlp::Amber, Tlp::AmberStrict, Tlp::Red]);
        let clear = |tlp, torn| Step::Clear { member, tlp, torn };
        self.script.steps.push(clear(low, false));
        for (tlp, told) in [(high, self.story()), (low, self.story())] {
            let mut items = told;
            for item in &mut items {
                item.country = country;
                item.labels = vec![Label::Tlp(tlp, self.chance.below(2))];
            }
            // What refers to the rest comes later on, so that the rest is routed again.
            let later = items.split_off(items.len() / 2);
            for items in [items, later] {
                self.said.extend(items.iter().cloned());
                self.script.steps.push(Step::Import { feed, tlp: None, items });
            }
        }
        let torn = self.chance.percent(20);
        self.script.steps.push(clear(high, torn));
    }

    /// An indicator of malware that targets a country: each part goes as far as it is marked, and what one
    /// part says of another must not go further.
    fn story(&mut self) -> Vec<Item> {
        let country = *self.chance.pick(&COUNTRIES);
        let [indicator, malware, location] =
            ["indicator", "malware", "location"].map(|kind| format!("{kind}--{}", self.chance.uuid()));
        let relationship = |kind, from: &String, to: &String| Shape::Relationship {
            kind,
            from: from.clone(),
            to: to.clone(),
        };
        let shapes = [
            (indicator.clone(), Shape::Indicator(Vec::new())),
            (malware.clone(), Shape::Malware),
            (location.clone(), Shape::Location(country)),
            (
                format!("relationship--{}", self.chance.uuid()),
                relationship("indicates", &indicator, &malware),
            ),
            (format!("relationship--{}", self.chance.uuid()), relationship("targets", &malware, &location)),
        ];
        self.ids.extend([indicator.clone(), malware.clone(), location.clone()]);
        let hidden = self.chance.below(2 * shapes.len());
        let mut items = Vec::new();
        for (index, (id, shape)) in shapes.into_iter().enumerate() {
            let mut item = self.blank(id, shape);
            item.labels = if index == hidden {
                vec![Label::Tlp(*self.chance.pick(&[Tlp::Amber, Tlp::AmberStrict, Tlp::Red]), 0)]
            } else {
                vec![Label::Tlp(*self.chance.pick(&[Tlp::Clear, Tlp::Green]), 0)]
            };
            items.push(item);
        }
        items
    }

    fn some_ids(&mut self) -> Vec<String> {
        let from: Vec<String> = self
            .said
            .iter()
            .filter(|item| !matches!(item.shape, Shape::Definition(_)) && !is_minted(item))
            .map(|item| item.id.clone())
            .collect();
        if from.is_empty() { Vec::new() } else { vec![self.chance.pick(&from).clone()] }
    }

    fn decision(&mut self) -> Step {
        let value = match self.said.is_empty() || self.chance.percent(30) {
            true => self.shared(),
            false => self.chance.pick(&self.said).value(),
        };
        let decision = *self.chance.pick(&[Some(true), Some(false), None]);
        Step::Override(value, decision)
    }

    fn member(&mut self) -> Option<usize> {
        let there: Vec<usize> = (0..self.script.parties.len()).filter(|p| joined(&self.script, *p)).collect();
        (!there.is_empty()).then(|| *self.chance.pick(&there))
    }

    fn clearance(&mut self) -> Option<Step> {
        let member = self.member()?;
        Some(Step::Clear { member, tlp: *self.chance.pick(&Tlp::ALL), torn: self.chance.percent(30) })
    }

    fn join(&mut self) -> Option<Step> {
        let late = (0..self.script.parties.len()).find(|party| !joined(&self.script, *party))?;
        Some(Step::Join(late))
    }

    fn withdrawal(&mut self) -> Option<Step> {
        let member = self.member()?;
        let id = self.some_ids().pop()?;
        Some(Step::Withdraw { member, id })
    }

    fn contribution(&mut self) -> Option<Step> {
        let member = self.member()?;
        let count = 1 + self.chance.below(4);
        let items: Vec<Item> = (0..count).map(|_| self.object(true)).collect();
        self.said.extend(items.iter().cloned());
        Some(Step::Contribute { member, items })
    }

    fn import(&mut self) -> Option<Step> {
        let feed = self.chance.below(self.script.feeds.len());
        let tlp = self.chance.percent(30).then(|| *self.chance.pick(&Tlp::ALL));
        let items: Vec<Item> = match self.chance.below(10) {
            0 => self.list(),
            1 | 2 => self.event(),
            3 | 4 => self.story(),
            _ => {
                let spec_20 = self.chance.percent(15);
                (0..1 + self.chance.below(6))
                    .map(|_| {
                        let mut item = self.object(false);
                        // What is said again is said in the same words.
                        if spec_20 && matches!(item.shape, Shape::Indicator(_)) && !self.is_said(item.tag) {
                            item.spec_20 = true;
                        }
                        item
                    })
                    .collect()
            }
        };
        self.said.extend(items.iter().cloned());
        Some(Step::Import { feed, tlp, items })
    }

    fn is_said(&self, tag: u32) -> bool {
        self.said.iter().any(|item| item.tag == tag)
    }

    fn tag(&mut self) -> u32 {
        self.next_tag += 1;
        self.next_tag
    }

    fn blank(&mut self, id: String, shape: Shape) -> Item {
        self.next_version += 1;
        Item {
            tag: self.tag(),
            id,
            version: self.next_version,
            shape,
            labels: Vec::new(),
            groups: Vec::new(),
            revoked: false,
            spec_20: false,
            country: COUNTRIES[self.chance.below(COUNTRIES.len())],
        }
    }

    fn list(&mut self) -> Vec<Item> {
        (0..1 + self.chance.below(3))
            .map(|_| {
                let id = format!("line--{}", self.chance.uuid());
                self.blank(id, Shape::Line)
            })
            .collect()
    }

    fn event(&mut self) -> Vec<Item> {
        let group = |maker: &mut Self| -> Vec<String> {
            (0..maker.chance.below(4)).map(|_| maker.called()).collect()
        };
        let tags = |maker: &mut Self| -> Vec<Label> {
            match maker.chance.below(8) {
                0..3 => Vec::new(),
                3 => vec![Label::Broken],
                _ => vec![Label::Tlp(*maker.chance.pick(&Tlp::ALL), 0)],
            }
        };
        let id = format!("event--{}", self.chance.uuid());
        let mut event = self.blank(id, Shape::Event);
        event.labels = tags(self);
        event.groups = if self.chance.percent(50) { vec![group(self)] } else { Vec::new() };
        let mut items: Vec<Item> = (0..1 + self.chance.below(3))
            .map(|_| {
                let id = format!("attribute--{}", self.chance.uuid());
                let mut attribute = self.blank(id, Shape::Attribute);
                attribute.labels = event.labels.clone();
                attribute.labels.extend(tags(self));
                attribute.groups = event.groups.clone();
                if self.chance.percent(30) {
                    attribute.groups.push(group(self));
                }
                attribute
            })
            .collect();
        items.push(event);
        items
    }

    fn shared(&mut self) -> String {
        format!("shared{}.fr", self.chance.below(3))
    }

    /// An id: one that is there already, often, or a new one.
    fn id(&mut self, kinds: &[&str]) -> String {
        let there: Vec<String> = self
            .ids
            .iter()
            .filter(|id| id.split_once("--").is_some_and(|(kind, _)| kinds.contains(&kind)))
            .cloned()
            .collect();
        if !there.is_empty() && self.chance.percent(40) {
            return self.chance.pick(&there).clone();
        }
        let id = format!("{}--{}", self.chance.pick(kinds), self.chance.uuid());
        self.ids.push(id.clone());
        id
    }

    fn object(&mut self, contributed: bool) -> Item {
        if !self.said.is_empty() && self.chance.percent(20) {
            // Said again, by the same or by somebody else, word for word.
            let again = self.said.iter().filter(|item| !is_minted(item) && !item.spec_20);
            let again: Vec<Item> = again.filter(|item| self.may_repeat(item, contributed)).cloned().collect();
            if !again.is_empty() {
                return self.chance.pick(&again).clone();
            }
        }
        if self.chance.percent(15) {
            return self.definition(contributed);
        }
        let (id, shape) = match self.chance.below(12) {
            0..7 => {
                let shared = (0..self.chance.below(2)).map(|_| self.shared()).collect();
                (self.id(&["indicator"]), Shape::Indicator(shared))
            }
            7 => (self.id(&["malware"]), Shape::Malware),
            8 => {
                let country = *self.chance.pick(&COUNTRIES);
                (self.id(&["location"]), Shape::Location(country))
            }
            9 | 10 => {
                let (kind, from, to) = match self.chance.below(2) {
                    0 => ("indicates", self.id(&["indicator"]), self.id(&["malware"])),
                    _ => ("targets", self.id(&["malware"]), self.id(&["location"])),
                };
                let id = format!("relationship--{}", self.chance.uuid());
                (id, Shape::Relationship { kind, from, to })
            }
            _ => {
                let of = self.id(&["indicator"]);
                (format!("sighting--{}", self.chance.uuid()), Shape::Sighting { of })
            }
        };
        let mut item = self.blank(id, shape);
        item.revoked = self.chance.percent(8);
        // An older version that comes late.
        if self.chance.percent(10) {
            item.version = 1 + u32::try_from(self.chance.below(5)).unwrap();
        }
        item.labels = self.labels(contributed);
        item
    }

    /// Whether this may be said again: what counts must not hang on which of two said it first.
    fn may_repeat(&self, item: &Item, contributed: bool) -> bool {
        let second = &self.definitions[1].0;
        let refers =
            |label: &Label| matches!(label, Label::Custom(id) | Label::GranularCustom(id) if id == second);
        match item.shape {
            Shape::Definition(meaning) => {
                self.definitions.iter().any(|(id, known)| *id == item.id && *known == Some(meaning))
            }
            _ => !contributed || !item.labels.iter().any(refers),
        }
    }

    fn definition(&mut self, contributed: bool) -> Item {
        let index = if contributed { 1 + self.chance.below(2) } else { self.chance.below(3) };
        let (id, meaning) = self.definitions[index].clone();
        let (id, meaning) = match meaning {
            // Whoever contributes may say of anybody's definition that it restricts nothing.
            Some(_) if contributed => (id, Meaning::Tlp(Tlp::Clear, 0)),
            None if contributed => (id, Meaning::Tlp(Tlp::Green, 0)),
            None => (format!("marking-definition--{}", self.chance.uuid()), Meaning::Statement),
            Some(meaning) => (id, meaning),
        };
        let mut item = self.blank(id, Shape::Definition(meaning));
        item.version = 0;
        // One definition is said in one way, whoever of the operator's sources says it.
        let before = self.said.iter().find(|other| other.id == item.id && other.shape == item.shape);
        match before {
            Some(before) => before.clone(),
            None => item,
        }
    }

    fn custom(&mut self, contributed: bool) -> String {
        let index = if contributed { 2 * self.chance.below(2) } else { self.chance.below(3) };
        self.definitions[index].0.clone()
    }

    fn labels(&mut self, contributed: bool) -> Vec<Label> {
        let mut labels = Vec::new();
        for _ in 0..[0, 1, 1, 1, 2][self.chance.below(5)] {
            let label = match self.chance.below(20) {
                0 => Label::Broken,
                1 => Label::Language,
                2..8 => Label::Custom(self.custom(contributed)),
                8 => Label::GranularCustom(self.custom(contributed)),
                9 | 10 => Label::Granular(*self.chance.pick(&Tlp::ALL), self.chance.below(2)),
                _ => Label::Tlp(*self.chance.pick(&Tlp::ALL), self.chance.below(2)),
            };
            labels.push(label);
        }
        labels
    }
}

/// Whether the object's id is Rempart's to make.
pub(crate) fn is_minted(item: &Item) -> bool {
    matches!(item.shape, Shape::Line | Shape::Attribute | Shape::Event)
}
