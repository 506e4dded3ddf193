//! The scenario language: from a TOML file to a [`Scenario`] that cannot be
//! invalid.
//!
//! [`load`] and [`parse`] read a file. What is wrong with one comes back as
//! [`ScenarioErrors`], all of it in one go, each with its line, the text in
//! question underlined and what is accepted instead.
//!
//! # A scenario in a dozen lines
//!
//! ```
//! let text = r#"
//!     [resources.stock]
//!     kind = "counter"
//!     service = "shop"
//!     initial = 100
//!
//!     [[steps]]
//!     name = "sell"
//!     service = "shop"
//!     kind = "pivot"
//!     do = [{ take = "stock", amount = 1 }]
//! "#;
//! let scenario = indoubt::scenario::parse("shop.toml", text)?;
//! assert_eq!(scenario.business.services, ["shop"]);
//! # Ok::<(), indoubt::scenario::ScenarioErrors>(())
//! ```
//!
//! Everything else has a default. `scenarios/points-mall.toml` and
//! `scenarios/order-stock.toml` are two whole ones, with comments.
//!
//! # Reference
//!
//! A *duration* is a number and a unit in quotes: `"250us"`, `"1.5ms"`, `"2s"`,
//! `"1m"`, at most an hour; `"0"` needs no unit. A *spread* is a duration, or
//! `{ from = "1ms", to = "2ms" }` (all between as likely), or
//! `{ least = "1ms", mean = "2ms" }` (an exponential one of this mean on top of
//! the least; `least` is `"0"` if left out). A *rate* is a probability, between
//! 0 and 1. A *name* begins with a letter; letters, digits, `-` and `_` follow. A
//! *node* is `manager` (coordinator or orchestrator, one role), a service,
//! `broker`, `provider` or `clients`.
//!
//! ## Top level
//!
//! | key | default | meaning |
//! | --- | --- | --- |
//! | `base` | none | the scenario file that this one is based on: see below |
//! | `name` | the file's | what the scenario is called |
//! | `about` | empty | what it shows |
//! | `seed` | `1` | the seed that it is pinned to |
//! | `settle` | `"10s"` | a run that is not at rest is stopped so long after the last arrival or fault; more with a large backlog |
//! | `first-steps` | all | only so many of the steps, from the first: how long the transaction is, as a number that can be swept; not beside `[[transactions]]` |
//! | `allow` | `[]` | rules of the craft that the scenario breaks on purpose: see `[[steps]]` |
//! | `without` | `[]` | safeguards that the scenario does without, as with `--without` |
//!
//! ## `[machines.<service>]`, `[machines.manager]`, `[defaults]`
//!
//! One machine a service, one for the manager, each with a process and a
//! database. `[defaults]` says what holds for all of them where they say nothing
//! themselves. A service needs no section of its own: those that steps and
//! resources name exist.
//!
//! | key of `database = { .. }` | default | meaning |
//! | --- | --- | --- |
//! | `engine` | `"locking"` | `"locking"` waits for locks as its `lock-policy` says; `"document"` answers a conflict at once, and its readers never wait |
//! | `lock-policy` | `"wait"` | who waits for a busy lock, and who is given up (locking engine): see [`LockPolicy`] |
//! | `prepare` | `"native"`, for a document engine `"never"` | how it joins two-phase commit: `"native"`, through a table of `"intents"` (at its cost), or `"never"` |
//! | `statement` | `"100us"` | how long a statement takes once it has its locks |
//! | `flush` | `"1ms"` | how long a flush of the log takes |
//! | `group-commit` | `"0"` | how long a flush waits for company |
//! | `lock-timeout` | `"50ms"` | how long a statement waits for a lock (locking engine) |
//! | `lazy-flush` | `"10ms"` | how long an unforced record stays in the buffer at the most |
//! | `restart` | `"20ms"` | how long a restart takes at the least |
//! | `replay` | `"2us"` | and beside that, for every record since the last checkpoint |
//! | `checkpoint-every` | `1000` | records between two checkpoints |
//!
//! | key of `process = { .. }` | default | meaning |
//! | --- | --- | --- |
//! | `workers` | `8` | how many statements it serves at once |
//! | `service-time` | `"100us"` | spread: how long a worker computes before it calls the database |
//! | `restart` | `"20ms"` | how long a restart takes until it reads its database |
//!
//! ## `[network]`, `[[network.links]]`, `[broker]`, `[provider]`
//!
//! | key | default | meaning |
//! | --- | --- | --- |
//! | `network.delay` | `"250us"` | spread: how long a message travels, one way |
//! | `network.loss`, `network.duplicate` | `0` | rates: a message is lost, arrives twice |
//! | `network.bandwidth` | `"none"` | how much a link carries, one way, like `"10Mbit/s"` (`kbit/s`, `Mbit/s`, `Gbit/s`): it carries one message after another, each for as long as its size takes, and the delay comes on top. A message that is lost has been carried all the same; a copy that the network makes is not carried again. All clients together are one node |
//! | `network.overhead` | `100` | bytes that a message has beside its content |
//! | `network.sizes` | none | whole sizes of messages by name, in bytes: `{ work = 2048, prepare = 128 }` |
//! | `links.from`, `links.to` | must be there | the nodes of a link that differs in `delay`, `loss`, `duplicate` or `bandwidth` |
//! | `links.ways` | `"both"` | or `"one-way"` |
//! | `broker.flush` | `"1ms"` | how long it takes to sync what it was given |
//! | `broker.redeliver-after` | `"50ms"` | what is not acknowledged is delivered again |
//! | `broker.restart` | `"20ms"` | how long a restart takes |
//! | `provider.service-time` | `"1ms"` | spread: how long the provider takes over one real action |
//!
//! ## `[domains.<name>]`
//!
//! What requests are about: at most four numbered sets, in which keys are
//! written (`key = "{player}/{character}"`).
//!
//! | key | default | meaning |
//! | --- | --- | --- |
//! | `size` | must be there | how many values, 1 to 10 million |
//! | `names` | none | of the first few; the others are called `player-17` |
//! | `choice` | `"uniform"` | how requests choose: or `{ zipf = 0.9 }` (the n-th in proportion to 1/n^0.9), or `{ hot = 3, share = 0.5 }` (the first three with probability 0.5 together) |
//!
//! ## `[resources.<name>]`
//!
//! | key | default | meaning |
//! | --- | --- | --- |
//! | `kind` | must be there | `"counter"`, `"entitlement"` or `"action"` (done in the real world, cannot be undone) |
//! | `service` | must be there | whose database holds it |
//! | `key` | one row | domains in braces, with slashes between |
//! | `initial` | must be there | of a counter: what every row begins with |
//! | `floor` | `0` | of a counter: what no row may fall under, or `"none"` |
//! | `item` | the key | of an entitlement: the part of the key that can be withdrawn from sale |
//!
//! ## `[[steps]]`
//!
//! Compensable steps, then at most one pivot, then retriable ones (Mehrotra,
//! Rastogi, Korth & Silberschatz 1992).
//!
//! | key | default | meaning |
//! | --- | --- | --- |
//! | `name` | must be there | what the step is called |
//! | `service` | must be there | who does it, in one local transaction |
//! | `kind` | must be there | `"compensable"`, `"pivot"` or `"retriable"` |
//! | `do` | must be there | a list of `{ take = "points", amount = 50 }`, `{ give = .., amount = .. }` (counters), `{ grant = .. }`, `{ revoke = .. }` (entitlements), `{ perform = .. }` (a real action; only where it is certain that the transaction commits), `{ look = "points" }` (a counter; a compensable step that only looks needs no compensation). An amount is a number, or `"{quantity}"`: that domain's value, counted from 1. With `drawn = 2` a look, a taking or a giving is not for the row that the counter's key names, but for the second of those that the request draws from all its rows, each as likely and no two the same; what it draws depends on its values in all domains, so let there be one of ten million, or two requests draw alike. With `as-seen-in = "quote"` a taking or giving starts from the number that the earlier step `quote` has looked at, and not from what the row holds by now: what others did meanwhile is lost. With `reread = true` the step is refused instead |
//! | `compensation` | for compensable steps | `{ name = "refund", do = [..] }`: it must not be able to fail |
//! | `semantic-lock` | `false` | of a compensable step: a saga marks the rows that it changes until the saga ends. Another saga that wants a marked row waits and tries again, and readers turn away. The marks go with the compensation, or with a step that is added at the end, `release-<name>`. Two-phase commit and the monolith need none |
//! | `reserve-then-confirm` | `false` | of a compensable step that does nothing but take, and whose compensation gives just that back: a saga only reserves it. Readers see the counter as it was, and another saga that wants what is reserved waits and tries again, for it may come back. It is taken by a step that is added at the end, `confirm-<name>`; the compensation gives the reservation back, and nobody ever saw it. Two-phase commit and the monolith take at once |
//! | `resend-after`, `give-up-after`, `conflict-retries`, `conflict-backoff` | those of `[policies]` | how patient one is with this step |
//! | `park-after`, `parked-for` | those of `[policies]` | when a saga parks this step, or its compensation, and for how long |
//! | `no` | `"answer"` | what its no looks like to whoever asked: an answer, which is stored; or an `"error"`, which nobody can tell from a fault: nothing is stored, and it is tried again like a conflict, until `conflict-retries` (two-phase commit, the monolith, the first step of a choreographed saga), `give-up-after` (an orchestrated saga before its pivot) or `park-after` end it. Where none of these does, it is tried for ever |
//! | `check` | `"statement"` | when conditions are judged under two-phase commit: as the statement runs, or at `"prepare"`, as a vote |
//!
//! What breaks a rule of sagas is refused, unless the scenario says that it wants
//! to show why the rule is there: `allow = ["irrevocable-before-pivot"]`.
//!
//! | in `allow` | what it lets pass |
//! | --- | --- |
//! | `"compensable-after-pivot"` | a compensable step after the pivot: if it fails, the pivot stays done |
//! | `"second-pivot"` | a pivot after the pivot: likewise |
//! | `"retriable-before-pivot"` | a step after a retriable one that can fail: the retriable one stays done |
//! | `"no-compensation"` | a compensable step that nothing undoes |
//! | `"irrevocable-before-pivot"` | a real action in a compensable step: it stays done |
//! | `"irrevocable-compensation"` | a real action in a compensation: it is done for what did not happen |
//! | `"compensation-can-fail"` | a compensation that takes from a counter with a floor: it takes, and the floor breaks |
//! | `"retriable-can-fail"` | a retriable step that takes from a counter with a floor, or grants: it may be tried for ever |
//!
//! ## `[[transactions]]`
//!
//! Several transactions in the place of `[[steps]]`: at most 16, each with steps of
//! its own as `[[transactions.steps]]`, by the same rules. They share services,
//! domains (then at most three), resources and promises. Each request is for one of
//! them, drawn by their weights; that depends on the seed and on who asks for the
//! how-many-th time, and on nothing else. No two steps of a scenario have the same
//! name. Whoever may hold one semantic lock or reservation while wanting another
//! must take them in the order in which the other transactions do.
//!
//! | key | default | meaning |
//! | --- | --- | --- |
//! | `transactions.name` | must be there | what the transaction is called |
//! | `transactions.weight` | `1` | how many of the requests are for it, in proportion to the weights of the others |
//! | `transactions.steps` | must be there | its steps: see `[[steps]]` |
//!
//! ## `[workload]`
//!
//! | key | default | meaning |
//! | --- | --- | --- |
//! | `transactions` | `100` | how many requests in all, at most 10 million |
//! | `arrivals` | closed | `{ kind = "closed", clients = 8, think = "5ms" }`: each client asks again once it has its answer and has thought (a spread); `{ kind = "open", every = "4ms", poisson = true }`: requests come whether or not earlier ones are answered |
//! | `arrivals.ramp` | none | open: `{ to = "500us", over = "1s" }`: the rate changes evenly from that of `every` to that of `to`, and stays there |
//! | `arrivals.burst` | none | open: `{ every = "200ms", lasts = "20ms", times = 10 }`: again and again requests come so many `times` as often |
//! | `timeout` | `"250ms"` | a client without an answer tries again |
//! | `retries` | `3` | so often, at most 100 |
//! | `backoff` | `"0"` | how long it waits before the first retry, and twice as long before each that follows, up to 256 times |
//! | `jitter` | `0` | by which share such a wait is lengthened at the most |
//! | `retry-budget` | no limit | how many retries all clients together may make for each request, beside ten that they begin with (and can save up); who finds none left gives up |
//! | `until` | none | clients stop asking for something new after so long, if there were not `transactions` requests by then: what is compared then lasts equally long |
//! | `warm-up` | `"0"` | requests that are made earlier are left out of the figures: their latency, locks, messages and outcomes. What they commit after it is part of the rates, which are taken from here on. Promises are judged throughout |
//! | `cancel` | nobody does | `{ share = 0.2, after = "20ms" }`: this share of the clients takes the wish back so long (a spread) after asking, if there is no final answer yet. It may come too late |
//! | `double-click` | nobody does | `{ share = 0.2, after = "5ms" }`: this share of the clients asks again so long after asking, without waiting for the time-out |
//!
//! ## `[[requests]]`
//!
//! Requests one by one, in the place of `workload.transactions` and
//! `workload.arrivals`: they are made at their times, whether or not earlier ones
//! are answered.
//!
//! | key | default | meaning |
//! | --- | --- | --- |
//! | `requests.at` | must be there | when it is made |
//! | `requests.about` | must be there if there are domains | a value for every domain: `"alice/pikachu"` or `{ player = "alice", character = 7 }`, counted from 0 |
//! | `requests.transaction` | must be there if there are several | which of the `[[transactions]]` it is for, by its name |
//! | `requests.id` | a client of its own | which client's how-many-th wish it is, like `"c3.17"`, counted from 0: what is drawn for it depends on that |
//!
//! ## `[[readers]]`, `[[operator]]`
//!
//! | key | default | meaning |
//! | --- | --- | --- |
//! | `readers.name`, `readers.resource` | must be there | who reads what, over and over; keys are chosen like those of requests |
//! | `readers.every` | must be there | how long between two reads begin |
//! | `readers.rows` | `1` | how many rows, 1 to 10000, it reads in one local transaction, the chosen one and those that follow: it locks them, then takes the time of a statement for each |
//! | `operator.at` | must be there | when the operator does something |
//! | `operator.withdraw` or `operator.restore` | one of them | an entitlement whose items are withdrawn from sale, or put back |
//! | `operator.items` | must be there | which: names (`"pikachu"`, `"character-7"`) or `{ character = 7 }`, counted from 0 |
//!
//! ## `[[faults]]`
//!
//! | key | default | meaning |
//! | --- | --- | --- |
//! | `kind` | must be there | see below |
//! | `lasts` | must be there | all faults end |
//! | `at` | one of three | when it begins: a time |
//! | `on` | one of three | a [`Milestone`](crate::protocol::Milestone) like `"coordinator.all-votes"`, right there; `node` says where, `nth` (`1`) the how-many-th time |
//! | `point` | one of three | a numbered point of the run |
//!
//! | kind | its keys |
//! | --- | --- |
//! | `"crash"`, `"pause"` | `target`: the process of the manager, a service or the broker |
//! | `"database-crash"` | `target`: manager or a service |
//! | `"power-loss"` | `target`: manager, a service or the broker |
//! | `"partition"` | `from`, `to`: nodes or lists of them; `ways` (`"both"`, or `"one-way"`) |
//! | `"latency-spike"` | `extra`; and which messages: `from`, `to`, `message` (like `"prepare"`), at `most` so many |
//! | `"loss"` | `rate` (`1`); which messages |
//! | `"duplicate"` | `rate` (`1`), `after` (`"1ms"`: how much later the copy comes); which messages |
//!
//! ## `[seeded-faults]`
//!
//! | key | default | meaning |
//! | --- | --- | --- |
//! | `count` | must be there | how many faults are drawn from the seed |
//! | `kinds` | all | of which kinds |
//! | `from`, `until` | `"0"`, must be there | the earliest and the latest beginning |
//! | `shortest`, `longest` | `"20ms"`, `"200ms"` | how long they last |
//! | `rate` | `0.3` | of messages, while a loss or duplication lasts |
//!
//! ## `[[promises]]`, `[expect.<protocol>]`
//!
//! | key | default | meaning |
//! | --- | --- | --- |
//! | `promises.name` | must be there | the promise in words |
//! | `promises.per` | must be there | the domain for each of whose values it is judged alone |
//! | `promises.equation` | must be there | two sums with an `=` between; a term is `taken(points)`, `given(..)`, `given_back(..)`, `in_flight(..)` of a counter or `granted(characters)` of an entitlement, perhaps with a factor: `50 * granted(characters)`; or `0` |
//!
//! With an `in_flight` term a promise is judged at every instant, without one
//! only at rest. `[expect.monolith]`, `[expect.2pc]`, `[expect.orchestrated]` and
//! `[expect.choreographed]` say of promises, built in
//! ([`PromiseId`](crate::business::PromiseId)) or in own words, whether one
//! `"holds"` (the default), `"may-break"` or `"breaks"` on the pinned seed.
//!
//! ## `[sweep]`
//!
//! What `indoubt measure` varies. A line is a path of the language, as `--set` has
//! it, and its values: `"network.delay" = ["50us", "1ms"]`, or a range in quotes,
//! `"workload.arrivals.clients" = "1..256"`, which doubles from the first to the
//! last; `"1..1000*10"` makes each ten times the one before, `"1..9+2"` each two
//! more. Several lines make all combinations. A run does not heed it.
//!
//! ## `[policies]`
//!
//! | key | default | meaning |
//! | --- | --- | --- |
//! | `resend-after` | `"20ms"` | a message without an answer is sent again |
//! | `give-up-after` | `"200ms"` | the manager gives up on a silent step or vote, before the decision or the pivot |
//! | `inquire-after` | `"30ms"` | a participant in doubt asks, and asks again |
//! | `idle-branch-after` | `"300ms"` | a branch that was not asked to vote ends by itself |
//! | `conflict-retries` | `8` | how often a conflict is retried in place. Out of retries, two-phase commit, the monolith and the first step of a choreographed saga are refused; another step of a saga is asked for again. An orchestrated saga waits for a compensable step no longer than `give-up-after`, whatever retries it has left |
//! | `park-after` | never | a saga parks a step or compensation that was asked for so often, 1 to 1000, in vain: it is a dead letter, and nobody asks for it any more until somebody looks, whatever restarts. A try is a command of the orchestrator, or a delivery by the broker; what a service retries in place is part of one. An orchestrated saga that gives up on a step before (`give-up-after`) turns instead. What a client asks for (the first step of a choreographed saga) it asks for again as `[workload]` says. Two-phase commit and the monolith park nothing: they restart, and then refuse |
//! | `parked-for` | nobody ever looks | an operator looks after this, puts it back, and it has as many tries again |
//! | `watchdog` | none | the first service of a choreographed saga cancels one that is not over after this: the first step that is not done yet is refused, and the failure runs backwards; past the pivot it is too late |
//! | `jitter` | `0` | by how much such a wait is lengthened at the most, as a share of it; each draws its own |
//! | `conflict-backoff` | `"1ms"` | the wait before the first retry; it doubles up to eight times |
//! | `poll-every` | `"5ms"` | how often a relay looks into its outbox |
//! | `relay-batch` | `32` | how many letters it takes at once |
//! | `message-life` | `"5s"`, or more if delays and faults need it | the longest that a message can be under way |
//! | `retention` | as long as it must be | how long inbox rows, tombstones and outcomes are kept: longer than a message lives and a client retries |
//!
//! ## `[two-phase-commit]`
//!
//! The choices that two-phase commit leaves open; no other protocol hears of them.
//! What each costs is in [`two_phase_commit`](crate::protocol::two_phase_commit).
//!
//! | key | default | meaning |
//! | --- | --- | --- |
//! | `presumption` | `"abort"` | what is presumed of a transaction that the coordinator knows nothing of. `"abort"`: an abort is forgotten at once, and a commit remembered until all have acknowledged it. `"nothing"`: both are forced, acknowledged and remembered. `"commit"`: a commit is forgotten at once and acknowledged by nobody; who takes part is written down before anybody is asked to prepare, and an abort is remembered until all have acknowledged it |
//! | `read-only-votes` | `false` | whether a participant whose branch has only read (its steps only `look`) leaves at PREPARE: it lets its locks go, writes nothing, and is told nothing. It is off by default because it costs a guarantee: a lock let go before the last is taken may let a run be unserializable. All work is done before the first PREPARE, so only locks that others take at PREPARE come late: those of conditions with `check = "prepare"`. One who judges conditions at PREPARE never leaves there |
//! | `prepare` | `"parallel"` | whether all are asked to prepare at once, or (`"serial"`) one after the other, each when the one before it has voted yes; the first no ends the vote, and who was not asked is never prepared |
//! | `locks` | `"early"` | whether a participant does its work, and so takes the locks, when it is given the work, or (`"at-prepare"`) only when it is asked to prepare, or to commit in one phase: until then it takes note. Locks are held for the shorter, and a refusal or a conflict is found only at PREPARE, when the others have worked for nothing. Branches take their locks at the same time then, and may be prepared while another still waits, so a circle of waits over two databases is ended by the lock time-out under `lock-policy = "wound-wait"`, too |
//! | `cooperative-termination` | `false` | whether a participant in doubt whom the coordinator does not answer asks the other participants, each time that it asks again (Bernstein, Hadzilacos & Goodman 1987, section 7.4). One that knows the decision tells it; one that has not voted aborts, puts that on disk, and says so; one that has voted yes is as uncertain; one that has only read and left, or has forgotten, cannot say. So only a transaction of which everybody who can be reached is uncertain, or has forgotten, waits for the coordinator |
//! | `one-phase` | `false` | whether a coordinator with a single participant asks that to commit in one phase: nothing is prepared, and the participant decides, with one forced record (X/Open XA 1991, `TMONEPHASE`). The coordinator asks until it is told the outcome, and forces to disk before that it is handed over, for clients that ask again. With more participants it changes nothing |
//!
//! ## `[orchestrated-saga]`
//!
//! The choice that an orchestrated saga leaves open; no other protocol hears of it.
//!
//! | key | default | meaning |
//! | --- | --- | --- |
//! | `steps` | `"serial"` | whether a step is commanded when the one before it is done, or (`"parallel"`) together with all those of its kind next to it whose order does not matter (Garcia-Molina & Salem 1987, section 7): none of them changes what another one touches, none lets a semantic lock of another one go, and none can be parked. One forced record of the orchestrator covers them all. When one refuses, or is silent too long, all of them may have been executed, and are undone, one after the other, last first |
//!
//! ## `[choreographed-saga]`
//!
//! The choice that a choreographed saga leaves open; no other protocol hears of it.
//!
//! | key | default | meaning |
//! | --- | --- | --- |
//! | `steps` | `"serial"` | whether a step is done when the one before it is, or (`"parallel"`) at the same time as all those of its kind next to it whose order does not matter, by the rules of `[orchestrated-saga]`. They react to the same event, and whoever comes next waits until it has heard of all of them, in its inbox. So it is fewer hops, but more events, and a forced write for every one that is waited with. When one refuses, the others may be done or about to be, and are undone, one after the other, last first; one that comes later than its own compensation is refused by the tombstone. Two things more than there make an order matter: the first step sets off the others, and nobody's time-out turns a saga that waits for another one, so of steps that may wait so (at a semantic lock, or for a reservation) only one is done at a time |
//!
//! # Based on another file
//!
//! A file with `base = "points-mall.toml"` says only what differs from that file;
//! the path goes from its own folder. A base may have a base, up to eight files in
//! all.
//!
//! - Sections are merged key by key, so `[machines.points]`, `[workload]` and
//!   `[expect.2pc]` keep what they do not say anew. Names keep the base's order,
//!   and new ones follow.
//! - Lists are replaced as a whole: `[[steps]]`, `[[transactions]]`, `[[requests]]`,
//!   `[[readers]]`, `[[operator]]`, `[[faults]]`, `[[promises]]`, and every other. `faults = []` leaves none.
//! - What is one value is replaced as a whole, too: a spread (`delay`,
//!   `service-time`, `think`), a `choice`, and a section that says another `kind`
//!   than the base's.
//! - `"none"` in the place of a section drops the base's: `seeded-faults =
//!   "none"`, `expect = "none"`.
//! - A `name` is not inherited.
//!
//! [`load_with`] puts settings of the form `path=value` on top, by the same rules:
//! `workload.transactions=50`, `machines.points.database.flush=5ms`,
//! `steps.take-points.kind=pivot`, `faults.0.lasts=1s`. The value is TOML, or else
//! text that needs no quotes; an entry of a list goes by its `name`, or by its
//! number from 0.

mod axis;
mod diagnostics;
mod document;
mod equation;
mod expand;
mod fault_text;
mod file;
mod keys;
mod lower;
mod merge;
mod names;
mod read;
mod rules;
mod schema;
mod set;
mod sources;
mod types;
mod value;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

pub use axis::Axis;
pub use diagnostics::{ScenarioErrors, Style};
pub(crate) use fault_text::duration_text;
pub use fault_text::{fault_text, faults_setting};
pub use keys::{Accepted, Key, Place, keys};
pub use lower::MOST_TRANSACTIONS;
pub use rules::{Breach, RULES, Rule};
pub use schema::schema;
pub use types::{
    Arrivals, BrokerSpec, Burst, Choice, DatabaseSpec, Dist, Engine, Expectation, Impulse, Link,
    LockPolicy, MachineSpec, Network, OperatorEvent, Preparation, ProcessSpec, ProviderSpec, Ramp,
    Reader, Scenario, Sizes, Wish, Workload,
};

use diagnostics::Problems;
use document::Document;

/// Reads a scenario from a file, and the files that it is based on.
///
/// # Errors
/// Everything that is wrong with it, or that it cannot be read at all.
pub fn load(path: impl AsRef<Path>) -> Result<Scenario, ScenarioErrors> {
    load_with(path, &[])
}

/// Reads a scenario from a file, and puts `path=value` settings on top of it, one
/// after another.
///
/// # Errors
/// Everything that is wrong with it or with them, or that the file cannot be read
/// at all.
pub fn load_with(path: impl AsRef<Path>, sets: &[String]) -> Result<Scenario, ScenarioErrors> {
    scenario(open(path.as_ref(), sets)?)
}

/// The whole of a scenario as one TOML text: the file, the files that it is based
/// on, and what is set on top. It says the same, and stands for itself.
///
/// # Errors
/// Everything that is wrong with it, as for [`load_with`].
pub fn expand(path: impl AsRef<Path>, sets: &[String]) -> Result<String, ScenarioErrors> {
    whole(open(path.as_ref(), sets)?)
}

/// As [`expand`], of a text that stands for itself.
///
/// # Errors
/// Everything that is wrong with it, as for [`parse_with`].
pub fn expand_text(file_name: &str, text: &str, sets: &[String]) -> Result<String, ScenarioErrors> {
    whole(Document::new(file_name, text.to_owned(), sets, None))
}

fn whole(document: Document) -> Result<String, ScenarioErrors> {
    let text = expanded(&document);
    scenario(document).map(|scenario| {
        let name = toml::Value::String(scenario.name);
        format!("name = {name}\n{text}")
    })
}

/// As [`expand`], of a text whose base is a file: its path goes from the current
/// folder.
///
/// # Errors
/// Everything that is wrong with it, as for [`load_text`].
pub fn expand_loaded(
    file_name: &str,
    text: String,
    sets: &[String],
) -> Result<String, ScenarioErrors> {
    whole(Document::new(file_name, text, sets, Some(&library)))
}

/// The document without its name, which may be that of its file.
fn expanded(document: &Document) -> String {
    let mut problems = Problems::default();
    let mut table = document.table(&mut problems).unwrap_or_default();
    table.remove("name");
    expand::text(&table)
}

/// A scenario as one TOML text in the order and the form in which [`expand`]
/// writes it. What is no TOML comes back empty.
pub fn tidy(text: &str) -> String {
    let document = Document::new("", text.to_owned(), &[], None);
    let table = document.table(&mut Problems::default());
    expand::text(&table.unwrap_or_default())
}

/// Reads a scenario from text; `file_name` is what diagnostics call it, and its
/// stem is the scenario's name if the text gives none. Nothing but the text is
/// read: it cannot have a `base`.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse(file_name: &str, text: &str) -> Result<Scenario, ScenarioErrors> {
    parse_with(file_name, text, &[])
}

/// Reads a scenario from text, as [`parse`] does, and puts `path=value` settings
/// on top of it, one after another.
///
/// # Errors
/// Everything that is wrong with it or with them.
pub fn parse_with(
    file_name: &str,
    text: &str,
    sets: &[String],
) -> Result<Scenario, ScenarioErrors> {
    scenario(Document::new(file_name, text.to_owned(), sets, None))
}

/// Reads a scenario from text, as [`parse_with`] does, whose base is a file: its path
/// goes from the current folder.
///
/// # Errors
/// Everything that is wrong with it or with them.
pub fn load_text(
    file_name: &str,
    text: String,
    sets: &[String],
) -> Result<Scenario, ScenarioErrors> {
    scenario(Document::new(file_name, text, sets, Some(&library)))
}

/// Reads a scenario from text, as [`parse_with`] does, at a point of a sweep: a
/// `path=value` setting an axis.
///
/// # Errors
/// Everything that is wrong with it or with them.
pub fn parse_at(file_name: &str, text: &str, point: &[String]) -> Result<Scenario, ScenarioErrors> {
    scenario(Document::new(file_name, text.to_owned(), point, None).set_by("--sweep"))
}

fn open(path: &Path, sets: &[String]) -> Result<Document, ScenarioErrors> {
    let name = path.display().to_string();
    match fs::read_to_string(path) {
        Ok(text) => Ok(Document::new(&name, text, sets, Some(&library))),
        Err(error) => {
            let help = match error.kind() {
                ErrorKind::NotFound => instead_of(path),
                _ => Vec::new(),
            };
            Err(ScenarioErrors::unreadable(&name, &error.to_string(), help))
        }
    }
}

fn library(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| error.to_string())
}

/// What to do about a scenario file that is not there.
fn instead_of(path: &Path) -> Vec<String> {
    if path == Path::new("-") {
        return vec!["only `check` reads from standard input".to_owned()];
    }
    let stem = |path: &Path| {
        path.file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
    };
    let folder = path.parent().unwrap_or(Path::new(""));
    let listed = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    let entries = fs::read_dir(listed).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| folder.join(entry.file_name()))
        .collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "toml"));
    files.sort();
    let stems: Vec<String> = files.iter().filter_map(|file| stem(file)).collect();
    let wanted = stem(path).unwrap_or_default();
    let meant = names::meant(&wanted, stems.iter().map(String::as_str));
    let mut files = files.iter();
    let meant = files.find(|file| meant.is_some() && stem(file).as_deref() == meant);
    let meant = meant.map(|file| format!("did you mean `{}`?", file.display()));
    let listing = "`indoubt list scenarios` says which there are".to_owned();
    meant.into_iter().chain([listing]).collect()
}

fn scenario(document: Document) -> Result<Scenario, ScenarioErrors> {
    let mut problems = Problems::default();
    let scenario = document.table(&mut problems).and_then(|table| {
        let varied = table.contains_key("sweep").then(|| table.clone());
        let file = read::read(table, &mut problems);
        let scenario = lower::lower(&document.sources, &file, &mut problems)?;
        if let Some(table) = varied {
            vary(&document, &table, &file, &mut problems);
        }
        problems.is_empty().then_some(scenario)
    });
    scenario.ok_or_else(|| problems.of(document.sources))
}

/// Tries every value of `[sweep]`, one at a time; of each line the first mistake is
/// told.
fn vary(document: &Document, table: &merge::Table<'_>, file: &file::File, problems: &mut Problems) {
    for axis in &file.sweep {
        let wrong = axis.values.iter().find_map(|value| {
            let mut table = table.clone();
            table.remove("sweep");
            let mut wrong = Problems::default();
            match set::set_at(&mut table, &axis.path, value) {
                Ok(()) => {
                    let file = read::read(table, &mut wrong);
                    lower::lower(&document.sources, &file, &mut wrong);
                }
                Err(problem) => wrong.push(problem),
            }
            (!wrong.is_empty()).then_some(wrong)
        });
        if let Some(wrong) = wrong {
            problems.append(wrong);
        }
    }
}

#[cfg(test)]
mod tests;
