use super::*;

#[test]
fn the_shipped_scenarios_are_valid() {
    for path in ["scenarios/points-mall.toml", "scenarios/order-stock.toml"] {
        if let Err(errors) = load(path) {
            panic!("{errors}");
        }
    }
}
