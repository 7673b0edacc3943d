// How the loader wants a plugin to be linked; rustc already hides all but what is #[no_mangle].
fn main() {
    for option in ["-z,defs", "-z,now", "-z,relro", "-z,nodelete", "-z,noexecstack"] {
        println!("cargo:rustc-cdylib-link-arg=-Wl,{}", option);
    }
    println!("cargo:rerun-if-changed=build.rs");
}
