//! Who and what there is: services, domains, resources. Everything else in the
//! file speaks of them by name.

use crate::business::{Domain, KeyTemplate, Params, Resource, ResourceId, ResourceKind};
use crate::protocol::Nodes;
use crate::scenario::diagnostics::Problem;
use crate::scenario::file::{At, Named, ResourceFile, ResourceKindFile};
use crate::scenario::names::{self, check_name, check_unique, quote};
use crate::vocab::{NodeId, ServiceId};

use super::Lowering;

/// The most services, and the most steps.
pub(super) const MOST: usize = 64;
/// The most values of a domain.
const MOST_VALUES: u64 = 10_000_000;
/// Stands for a size that is wrong: large enough that nothing else is said on
/// its account.
const UNKNOWN_SIZE: u32 = 1_000;
/// The largest number that a counter may begin with or have as its floor.
const LARGEST: i64 = 1_000_000_000_000_000;
/// What the bench itself calls its nodes.
const RESERVED: [&str; 4] = ["manager", "broker", "provider", "clients"];

/// Who and what there is.
pub(super) struct Cast {
    pub(super) services: Vec<String>,
    pub(super) nodes: Nodes,
    pub(super) domains: Vec<Domain>,
    pub(super) resource_names: Vec<String>,
    /// By [`ResourceId`]; `None` for one that is wrong in itself: nothing more
    /// is said about it.
    pub(super) resources: Vec<Option<Resource>>,
}

impl Cast {
    /// The names of all nodes, by [`NodeId`].
    pub(super) fn node_names(&self) -> Vec<&str> {
        let mut all = vec!["manager"];
        all.extend(self.services.iter().map(String::as_str));
        all.extend(["broker", "provider", "clients"]);
        all
    }

    /// A resource that is known to be right.
    pub(super) fn resource(&self, id: ResourceId) -> Option<&Resource> {
        self.resources[id.0 as usize].as_ref()
    }
}

impl Lowering<'_> {
    pub(super) fn cast(&mut self) -> Cast {
        let services = self.services();
        let domains = self.domains();
        let resource_names: Vec<String> = self
            .file
            .resources
            .iter()
            .map(|r| r.name.get_ref().clone())
            .collect();
        let file = self.file;
        let resources = file
            .resources
            .iter()
            .map(|named| self.resource(named, &services, &domains))
            .collect();
        if let Some(one_too_many) = file.resources.get(MOST) {
            self.problems.push(Problem::at(
                one_too_many.name.span(),
                format!("more than {MOST} resources"),
            ));
        }
        Cast {
            nodes: Nodes::new(services.len()),
            services,
            domains,
            resource_names,
            resources,
        }
    }

    /// The services are those that `[machines]`, then steps, then resources name.
    /// A name that is almost one of `[machines]` is a slip of the pen, and no
    /// service of its own.
    fn services(&mut self) -> Vec<String> {
        let machines = self.file.machines.iter().map(|m| &m.name);
        let declared: Vec<&At<String>> = machines.filter(|n| n.get_ref() != "manager").collect();
        let steps = self.file.steps.iter();
        let steps = steps.filter_map(|s| Some(&s.says.as_ref()?.service));
        let resources = self.file.resources.iter();
        let resources = resources.filter_map(|r| Some(&r.says.as_ref()?.service));
        let of_steps: Vec<&At<String>> = steps.chain(resources).collect();
        self.refuse_idle_machines(&declared, &of_steps);
        let mut named = declared.clone();
        for service in of_steps {
            let known = named.iter().any(|n| n.get_ref() == service.get_ref());
            let names = declared.iter().map(|n| n.get_ref().as_str());
            if !known && names::meant(service.get_ref(), names).is_none() {
                named.push(service);
            }
        }
        for service in &named {
            let name = service.get_ref();
            check_name(self.problems, "a service", name, service.span());
            if RESERVED.contains(&name.as_str()) {
                self.problems.push(
                    Problem::at(service.span(), format!("{} is no service", quote(name))).help(
                        format!(
                            "the bench brings {} along; call your service something else",
                            names::list(RESERVED)
                        ),
                    ),
                );
            }
        }
        if let Some(one_too_many) = named.get(MOST) {
            self.problems.push(Problem::at(
                one_too_many.span(),
                format!("more than {MOST} services"),
            ));
        }
        named
            .iter()
            .take(usize::from(u8::MAX))
            .map(|n| n.get_ref().clone())
            .collect()
    }

    /// A machine without a step and without a resource would only stand about:
    /// whoever names one has another in mind.
    fn refuse_idle_machines(&mut self, declared: &[&At<String>], used: &[&At<String>]) {
        // With no step yet, there is more to say than that.
        if self.file.steps.is_empty() {
            return;
        }
        let names: Vec<&str> = used.iter().map(|n| n.get_ref().as_str()).collect();
        for machine in declared {
            let name = machine.get_ref();
            // A step's service that is almost this one is told of as a slip.
            let slip = names::meant(name, names.iter().copied()).is_some();
            if names.contains(&name.as_str()) || RESERVED.contains(&name.as_str()) || slip {
                continue;
            }
            let what = format!("no step and no resource is on the machine {}", quote(name));
            let mut known = names.clone();
            known.sort_unstable();
            known.dedup();
            known.push("manager");
            let problem = Problem::at(machine.span(), what);
            self.problems
                .push(problem.accepts(name, "machines with something to do", &known));
        }
    }

    fn domains(&mut self) -> Vec<Domain> {
        let file = self.file;
        if let Some(one_too_many) = file.domains.get(Params::MOST) {
            self.problems.push(
                Problem::at(
                    one_too_many.name.span(),
                    format!("more than {} domains", Params::MOST),
                )
                .help("a request has a value for every domain; so many are enough for a key"),
            );
        }
        file.domains
            .iter()
            .take(usize::from(u8::MAX))
            .map(|named| {
                let name = named.name.get_ref();
                check_name(self.problems, "a domain", name, named.name.span());
                let mut domain = Domain {
                    name: name.clone(),
                    size: UNKNOWN_SIZE,
                    names: Vec::new(),
                };
                if let Some(says) = &named.says {
                    domain.size =
                        self.within(Some(&says.size), "size", 1, MOST_VALUES, UNKNOWN_SIZE);
                    domain.names = self.value_names(&says.names, &domain);
                }
                domain
            })
            .collect()
    }

    fn value_names(&mut self, given: &[At<String>], domain: &Domain) -> Vec<String> {
        let mut seen = Vec::new();
        for name in given {
            let text = name.get_ref();
            let good = !text.is_empty()
                && text.chars().count() <= 64
                && !text.contains(|c: char| c.is_control() || "/{}[]".contains(c));
            if !good {
                self.problems.push(
                    Problem::at(
                        name.span(),
                        format!("{} cannot be the name of a {}", quote(text), domain.name),
                    )
                    .help("at most 64 characters, without `/`, brackets and braces: keys are written with them"),
                );
            }
            check_unique(self.problems, "values", &mut seen, text, name.span());
        }
        if let Some(extra) = given.get(domain.size as usize) {
            self.problems.push(Problem::at(
                extra.span(),
                format!(
                    "the domain `{}` has {} values, but {} names",
                    domain.name,
                    domain.size,
                    given.len()
                ),
            ));
        }
        given.iter().map(|n| n.get_ref().clone()).collect()
    }

    fn resource(
        &mut self,
        named: &Named<ResourceFile>,
        services: &[String],
        domains: &[Domain],
    ) -> Option<Resource> {
        let name = named.name.get_ref();
        check_name(self.problems, "a resource", name, named.name.span());
        let says = named.says.as_ref()?;
        let known: Vec<&str> = services.iter().map(String::as_str).collect();
        let service = names::find(
            self.problems,
            &says.service,
            ("service", "services"),
            &known,
        );
        let key = match &says.key {
            Some(key) => self.template(key, domains),
            None => Some(KeyTemplate {
                domains: Vec::new(),
            }),
        };
        let kind = self.resource_kind(named, says, key.as_ref(), domains);
        Some(Resource {
            name: name.clone(),
            service: ServiceId(service? as u8),
            key: key?,
            kind: kind?,
        })
    }

    fn resource_kind(
        &mut self,
        named: &Named<ResourceFile>,
        says: &ResourceFile,
        key: Option<&KeyTemplate>,
        domains: &[Domain],
    ) -> Option<ResourceKind> {
        let (kind, keys) = match says.kind.get_ref() {
            ResourceKindFile::Counter => ("a counter", "`service`, `key`, `initial` and `floor`"),
            ResourceKindFile::Entitlement => ("an entitlement", "`service`, `key` and `item`"),
            ResourceKindFile::Action => ("a real action", "`service` and `key`"),
        };
        let counter = *says.kind.get_ref() == ResourceKindFile::Counter;
        let entitlement = *says.kind.get_ref() == ResourceKindFile::Entitlement;
        for (key, span, fits) in [
            ("initial", says.initial.as_ref().map(At::span), counter),
            ("floor", says.floor.as_ref().map(At::span), counter),
            ("item", says.item.as_ref().map(At::span), entitlement),
        ] {
            if let (Some(span), false) = (span, fits) {
                self.problems.push(
                    Problem::at(span, format!("`{key}` means nothing for {kind}"))
                        .beside(says.kind.span(), "it is one by this")
                        .help(format!("beside `kind`, {kind} has the keys {keys}")),
                );
            }
        }
        match says.kind.get_ref() {
            ResourceKindFile::Counter => self.counter(named, says),
            ResourceKindFile::Entitlement => {
                let item = match &says.item {
                    Some(item) => self.item(item, key?, domains)?,
                    None => key?.clone(),
                };
                Some(ResourceKind::Entitlement { item })
            }
            ResourceKindFile::Action => Some(ResourceKind::Action),
        }
    }

    fn counter(
        &mut self,
        named: &Named<ResourceFile>,
        says: &ResourceFile,
    ) -> Option<ResourceKind> {
        let Some(initial) = &says.initial else {
            self.problems.push(
                Problem::at(named.name.span(), "a counter needs its `initial` amount")
                    .help("for example `initial = 1000`: what every row begins with"),
            );
            return None;
        };
        let floor = says.floor.as_ref().map_or(Some(0), |f| f.get_ref().0);
        for (key, number, span) in [
            ("initial", Some(*initial.get_ref()), Some(initial.span())),
            ("floor", floor, says.floor.as_ref().map(At::span)),
        ] {
            if let (Some(number), Some(span)) = (number, span)
                && number.unsigned_abs() > LARGEST as u64
            {
                self.problems.push(
                    Problem::at(span, format!("`{key}` cannot be {number}")).label(format!(
                        "from {} to {}",
                        names::number(-LARGEST),
                        names::number(LARGEST)
                    )),
                );
                return None;
            }
        }
        let floor = floor.unwrap_or(i64::MIN);
        if *initial.get_ref() < floor {
            let mut problem = Problem::at(
                initial.span(),
                format!(
                    "{} begins under its floor, which is {floor}",
                    quote(named.name.get_ref())
                ),
            );
            if let Some(at) = &says.floor {
                problem = problem.beside(at.span(), "the floor");
            }
            self.problems.push(problem);
        }
        Some(ResourceKind::Counter {
            initial: *initial.get_ref(),
            floor,
        })
    }

    /// The template of what is on sale: part of the entitlement's own key.
    fn item(
        &mut self,
        item: &At<String>,
        key: &KeyTemplate,
        domains: &[Domain],
    ) -> Option<KeyTemplate> {
        let template = self.template(item, domains)?;
        let foreign = template.domains.iter().find(|d| !key.domains.contains(d));
        if let Some(&foreign) = foreign {
            let name = &domains[foreign as usize].name;
            self.problems.push(
                Problem::at(
                    item.span(),
                    format!("the item has `{{{name}}}`, which is no part of the key"),
                )
                .help("what is on sale is a part of what is granted: `{character}` of `{player}/{character}`"),
            );
            return None;
        }
        Some(template)
    }

    /// `{player}/{character}`: domains in braces, with slashes between.
    fn template(&mut self, written: &At<String>, domains: &[Domain]) -> Option<KeyTemplate> {
        let text = written.get_ref();
        let mut found: Vec<u8> = Vec::new();
        for part in text.split('/').filter(|_| !text.is_empty()) {
            let inner = part.strip_prefix('{').and_then(|p| p.strip_suffix('}'));
            let Some(name) = inner else {
                self.problems.push(
                    Problem::at(written.span(), format!("{} is not a key", quote(text)))
                        .help("a key is made of domains in braces with slashes between, like `{player}/{character}`"),
                );
                return None;
            };
            let Some(d) = domains.iter().position(|d| d.name == name) else {
                let known: Vec<&str> = domains.iter().map(|d| d.name.as_str()).collect();
                self.problems.push(
                    Problem::at(
                        written.span(),
                        format!("there is no domain {}", quote(name)),
                    )
                    .accepts(name, "domains", &known),
                );
                return None;
            };
            if found.contains(&(d as u8)) {
                self.problems.push(Problem::at(
                    written.span(),
                    format!("the key has `{{{name}}}` twice"),
                ));
                return None;
            }
            found.push(d as u8);
        }
        let template = KeyTemplate { domains: found };
        if template.rows(domains).is_none() {
            self.problems.push(
                Problem::at(
                    written.span(),
                    "this key has more values than can be numbered",
                )
                .help("the sizes of its domains, multiplied, must stay below 2^64"),
            );
            return None;
        }
        Some(template)
    }

    /// The node of this name.
    pub(super) fn node(&mut self, cast: &Cast, written: &At<String>) -> Option<NodeId> {
        let name = written.get_ref().as_str();
        let known = cast.node_names();
        if let Some(n) = known.iter().position(|&n| n == name) {
            return Some(NodeId(n as u16));
        }
        let mut problem = Problem::at(written.span(), format!("there is no node {}", quote(name)));
        if ["coordinator", "orchestrator"].contains(&name) {
            problem =
                problem.help("coordinator and orchestrator are one role here: write `manager`");
        }
        self.problems.push(problem.accepts(name, "nodes", &known));
        None
    }
}
