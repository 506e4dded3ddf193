use std::path::Path;
use std::sync::Arc;

use super::swarm::swarm;
use crate::scenario::{self, Scenario, ScenarioErrors};
use crate::vocab::Seed;

/// A scenario to experiment on: its whole text, which stands for itself, so that
/// every run can have something set on top of it.
#[derive(Clone, Debug)]
pub struct Subject {
    file: String,
    text: String,
    scenario: Arc<Scenario>,
}

impl Subject {
    /// From a file, the files that it is based on, and what is set on top.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn load(path: impl AsRef<Path>, sets: &[String]) -> Result<Self, ScenarioErrors> {
        let text = scenario::expand(&path, sets)?;
        Subject::parse(&path.as_ref().display().to_string(), text)
    }

    /// From a text; `file` is what diagnostics call it.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(file: &str, text: String) -> Result<Self, ScenarioErrors> {
        let scenario = Arc::new(scenario::parse(file, &text)?);
        // What varies is of no use to a single run, and would be tried with each.
        let text = match scenario.sweep.is_empty() {
            true => text,
            false => scenario::expand_text(file, &text, &["sweep=none".to_owned()])?,
        };
        Ok(Subject {
            file: file.to_owned(),
            text,
            scenario,
        })
    }

    /// The scenario as it stands.
    pub fn scenario(&self) -> &Arc<Scenario> {
        &self.scenario
    }

    /// What diagnostics call it.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The whole of it but its `[sweep]`, in the scenario language.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The scenario with settings on top.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn with(&self, sets: &[String]) -> Result<Scenario, ScenarioErrors> {
        scenario::parse_with(&self.file, &self.text, sets)
    }

    /// The scenario at a point of a sweep: with these settings, which diagnostics say
    /// to be of `--sweep`.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn at(&self, point: &[String]) -> Result<Scenario, ScenarioErrors> {
        scenario::parse_at(&self.file, &self.text, point)
    }

    /// The scenario with what a hunt draws for a seed, as a subject of its own.
    ///
    /// # Errors
    /// What is wrong with it: nothing, for what was drawn is borne.
    pub fn swarmed(&self, seed: Seed) -> Result<Subject, ScenarioErrors> {
        let (sets, _) = self.swarm(seed);
        let text = scenario::expand_text(&self.file, &self.text, &sets)?;
        Subject::parse(&self.file, text)
    }

    /// What a hunt draws for a seed, as far as this scenario can bear it: where a
    /// drawn delay, say, is longer than the file lets a message live, that
    /// setting is left out.
    pub fn swarm(&self, seed: Seed) -> (Vec<String>, Arc<Scenario>) {
        let sets = swarm(&self.scenario, seed);
        if let Ok(scenario) = self.with(&sets) {
            return (sets, Arc::new(scenario));
        }
        let mut borne = (Vec::new(), Arc::clone(&self.scenario));
        for set in sets {
            let mut more = borne.0.clone();
            more.push(set);
            if let Ok(scenario) = self.with(&more) {
                borne = (more, Arc::new(scenario));
            }
        }
        borne
    }
}
