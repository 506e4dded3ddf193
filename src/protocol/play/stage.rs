//! The business that plays are about.

use crate::business::{
    Action, ActionKind, Amount, Business, CheckTime, Compensation, Domain, KeyTemplate, No,
    Resource, ResourceId, ResourceKind, Step, StepKind,
};
use crate::protocol::StepOrder;
use crate::protocol::two_phase_commit::Variant;
use crate::protocol::{Nodes, Parking, Policies, ProtocolKind, Safeguards, Setting, Wanted};
use crate::vocab::{ServiceId, SimDuration, StepId};

/// A named setting.
///
/// - `points-mall`: points pays, shop grants a pokemon, post sends a mail.
/// - `deferred`: the same, but points and shop judge their conditions only at
///   PREPARE.
/// - `together`: the shop has its counter at points: steps 1 and 3 are both
///   done by points, step 2 by the shop.
/// - `order-stock`: two compensable steps, then payment, the pivot.
/// - `six-steps`: an order, then stock and coupon, then payment, the pivot, then courier
///   and post, which are retriable.
/// - `gift`: a single step, done by points.
/// - `turned-round`: points-mall, but taking points is the pivot and granting
///   is retriable.
/// - `watched`: points-mall with a watchdog of 200 ms.
/// - `no-as-error`: points-mall in which every no looks like a fault.
/// - `reserved`: points-mall in which points are reserved first, and a last step
///   confirms that.
/// - `look`: points-mall in which the first step only looks at the points.
/// - `parked`: points-mall in which every step is parked after 2 tries, for 500 ms.
pub(in crate::protocol) fn setting(
    stage: &str,
    protocol: ProtocolKind,
    safeguards: Safeguards,
) -> Setting {
    let business = match stage {
        "points-mall" | "watched" | "parked" => points_mall(),
        "deferred" => deferred(),
        "no-as-error" => no_as_error(),
        "reserved" => reserved(),
        "look" => look(),
        "together" => together(),
        "order-stock" => order_stock(),
        "six-steps" => six_steps(),
        "gift" => gift(),
        "turned-round" => turned_round(),
        other => panic!("no stage is called `{other}`"),
    };
    Setting {
        wanted: Wanted::One,
        protocol,
        nodes: Nodes::new(business.services.len()),
        business,
        policies: Policies {
            resend_after: SimDuration::from_millis(20),
            give_up_after: SimDuration::from_millis(100),
            inquire_after: SimDuration::from_millis(30),
            idle_branch_after: SimDuration::from_millis(200),
            conflict_retries: 2,
            conflict_backoff: SimDuration::from_millis(5),
            poll_every: SimDuration::from_millis(10),
            relay_batch: 10,
            retention: SimDuration::from_secs(1),
            jitter: crate::vocab::Probability::NEVER,
            watchdog: (stage == "watched").then_some(SimDuration::from_millis(200)),
            parking: (stage == "parked").then_some(Parking {
                after: 2,
                lasts: Some(SimDuration::from_millis(500)),
            }),
            steps: Default::default(),
        },
        two_phase: Variant::default(),
        step_order: StepOrder::default(),
        safeguards,
    }
}

const POINTS: ServiceId = ServiceId(0);
const SHOP: ServiceId = ServiceId(1);
const POST: ServiceId = ServiceId(2);

fn points_mall() -> Business {
    let key = |domains: &[u8]| KeyTemplate {
        domains: domains.to_vec(),
    };
    let counter = ResourceKind::Counter {
        initial: 100,
        floor: 0,
    };
    let pokemon = ResourceKind::Entitlement { item: key(&[1]) };
    Business {
        first: StepId(0),
        transactions: Vec::new(),
        marked_by_others: Vec::new(),
        services: ["points", "shop", "post"].map(String::from).to_vec(),
        domains: vec![
            domain("player", ["ann", "ben"]),
            domain("character", ["pikachu", "eevee"]),
        ],
        resources: vec![
            resource("points", POINTS, key(&[0]), counter),
            resource("pokemon", SHOP, key(&[0, 1]), pokemon),
            resource("mail", POST, key(&[0, 1]), ResourceKind::Action),
        ],
        steps: vec![
            Step {
                compensation: Some(Compensation {
                    name: "refund".to_owned(),
                    actions: vec![action(ActionKind::Give(Amount::Fixed(50)), 0)],
                }),
                ..step(
                    "take points",
                    POINTS,
                    StepKind::Compensable,
                    action(ActionKind::Take(Amount::Fixed(50)), 0),
                )
            },
            step(
                "grant pokemon",
                SHOP,
                StepKind::Pivot,
                action(ActionKind::Grant, 1),
            ),
            step(
                "send mail",
                POST,
                StepKind::Retriable,
                action(ActionKind::Perform, 2),
            ),
        ],
        equations: Vec::new(),
    }
}

fn deferred() -> Business {
    let mut business = points_mall();
    for step in &mut business.steps {
        step.check = CheckTime::Prepare;
    }
    business
}

fn no_as_error() -> Business {
    let mut business = points_mall();
    for step in &mut business.steps {
        step.no = No::Error;
    }
    business
}

fn reserved() -> Business {
    let mut business = points_mall();
    let amount = Amount::Fixed(50);
    let first = &mut business.steps[0];
    first.actions = vec![action(ActionKind::Reserve(amount), 0)];
    if let Some(refund) = &mut first.compensation {
        refund.actions = vec![action(ActionKind::Unreserve(amount), 0)];
    }
    business.steps.push(Step {
        confirms: Some(StepId(0)),
        ..step(
            "confirm points",
            POINTS,
            StepKind::Retriable,
            action(ActionKind::Take(amount), 0),
        )
    });
    business
}

fn look() -> Business {
    let mut business = points_mall();
    let first = &mut business.steps[0];
    first.actions = vec![action(ActionKind::Look, 0)];
    first.compensation = None;
    business
}

fn together() -> Business {
    let mut business = points_mall();
    business.resources[2] = Resource {
        name: "sold".to_owned(),
        service: POINTS,
        key: KeyTemplate { domains: vec![1] },
        kind: ResourceKind::Counter {
            initial: 0,
            floor: 0,
        },
    };
    business.steps[2] = step(
        "count sale",
        POINTS,
        StepKind::Retriable,
        action(ActionKind::Give(Amount::Fixed(1)), 2),
    );
    business.services.truncate(2);
    business
}

fn order_stock() -> Business {
    let key = |domains: &[u8]| KeyTemplate {
        domains: domains.to_vec(),
    };
    let counter = |initial| ResourceKind::Counter { initial, floor: 0 };
    let amount = Amount::Fixed(1);
    let compensable = |name: &str, service: u8, done, undo| Step {
        compensation: Some(Compensation {
            name: format!("undo {name}"),
            actions: vec![action(undo, service)],
        }),
        ..step(
            name,
            ServiceId(service),
            StepKind::Compensable,
            action(done, service),
        )
    };
    Business {
        first: StepId(0),
        transactions: Vec::new(),
        marked_by_others: Vec::new(),
        services: ["order", "stock", "payment"].map(String::from).to_vec(),
        resources: vec![
            resource("orders", ServiceId(0), key(&[0]), counter(0)),
            resource("stock", ServiceId(1), key(&[1]), counter(10)),
            resource("money", ServiceId(2), key(&[0]), counter(100)),
        ],
        steps: vec![
            compensable(
                "order",
                0,
                ActionKind::Give(amount),
                ActionKind::Take(amount),
            ),
            compensable(
                "stock",
                1,
                ActionKind::Take(amount),
                ActionKind::Give(amount),
            ),
            step(
                "pay",
                ServiceId(2),
                StepKind::Pivot,
                action(ActionKind::Take(Amount::Fixed(30)), 2),
            ),
        ],
        ..points_mall()
    }
}

fn six_steps() -> Business {
    let mut business = order_stock();
    let services = ["order", "stock", "payment", "coupon", "courier", "post"];
    business.services = services.map(String::from).to_vec();
    let of_stock = &business.steps[1];
    let mut coupon = of_stock.clone();
    coupon.name = "coupon".to_owned();
    coupon.service = ServiceId(3);
    let undo = coupon.compensation.iter_mut().flat_map(|c| &mut c.actions);
    for action in coupon.actions.iter_mut().chain(undo) {
        action.resource = ResourceId(3);
    }
    business.steps.insert(2, coupon);
    let parcels = action(ActionKind::Give(Amount::Fixed(1)), 4);
    let mail = action(ActionKind::Perform, 5);
    let retriable = |name, service, does| step(name, service, StepKind::Retriable, does);
    business.steps.extend([
        retriable("call courier", ServiceId(4), parcels),
        retriable("send mail", ServiceId(5), mail),
    ]);
    let counter = |initial| ResourceKind::Counter { initial, floor: 0 };
    let key = || KeyTemplate { domains: vec![0] };
    business.resources.extend([
        resource("coupons", ServiceId(3), key(), counter(10)),
        resource("parcels", ServiceId(4), key(), counter(0)),
        resource("mail", ServiceId(5), key(), ResourceKind::Action),
    ]);
    business
}

fn gift() -> Business {
    let mut business = points_mall();
    business.steps.truncate(1);
    business.steps[0].kind = StepKind::Pivot;
    business.steps[0].compensation = None;
    business
}

fn turned_round() -> Business {
    let mut business = points_mall();
    business.steps[0].kind = StepKind::Pivot;
    business.steps[0].compensation = None;
    business.steps[1].kind = StepKind::Retriable;
    business
}

fn domain(name: &str, names: [&str; 2]) -> Domain {
    Domain {
        name: name.to_owned(),
        size: 2,
        names: names.map(String::from).to_vec(),
    }
}

fn resource(name: &str, service: ServiceId, key: KeyTemplate, kind: ResourceKind) -> Resource {
    Resource {
        name: name.to_owned(),
        service,
        key,
        kind,
    }
}

fn step(name: &str, service: ServiceId, kind: StepKind, action: Action) -> Step {
    Step {
        name: name.to_owned(),
        service,
        kind,
        actions: vec![action],
        compensation: None,
        check: CheckTime::Statement,
        no: Default::default(),
        semantic_lock: false,
        releases: None,
        confirms: None,
    }
}

fn action(kind: ActionKind, resource: u8) -> Action {
    Action {
        kind,
        resource: ResourceId(resource),
        drawn: None,
        seen: None,
    }
}
