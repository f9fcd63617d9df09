//! Link arguments of the shared library. Writes nothing into the tree.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let mut arguments = vec!["-Wl,-soname,libcloudsync.so.0", "-Wl,-Bsymbolic-functions", "-Wl,-z,nodelete"];
    // A sanitizer's runtime comes from the program, and is undefined until then.
    if std::env::var_os("CARGO_CFG_SANITIZE").is_none() {
        arguments.push("-Wl,-z,defs");
    }
    for argument in arguments {
        println!("cargo::rustc-cdylib-link-arg={argument}");
    }
}
