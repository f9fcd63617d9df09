//! Link arguments of the shared library. Writes nothing into the tree.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    for argument in
        ["-Wl,-soname,libcloudsync.so.0", "-Wl,-Bsymbolic-functions", "-Wl,-z,nodelete", "-Wl,-z,defs"]
    {
        println!("cargo::rustc-cdylib-link-arg={argument}");
    }
}
