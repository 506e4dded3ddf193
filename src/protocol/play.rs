//! Play scripts: a text file of inputs and the effects that came back.
