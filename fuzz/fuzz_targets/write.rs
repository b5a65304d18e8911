#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| labeld_fuzz::run("write", input));
