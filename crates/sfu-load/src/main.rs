//! `sfu-load`: see `--help`.

use std::process::ExitCode;

use sfu_load::arguments::{HELP, Options, Stop};

fn main() -> ExitCode {
    match Options::parse(std::env::args().skip(1), std::env::var("SFU_LOAD_TOKEN").ok().as_ref()) {
        Ok(options) => match sfu_load::run(&options) {
            Ok(text) => {
                println!("{text}");
                ExitCode::SUCCESS
            }
            Err(sentence) => {
                eprintln!("{sentence}");
                ExitCode::from(1)
            }
        },
        Err(Stop::Help) => {
            print!("{HELP}");
            ExitCode::SUCCESS
        }
        Err(Stop::Wrong(sentence)) => {
            eprintln!("{sentence}");
            ExitCode::from(2)
        }
    }
}
