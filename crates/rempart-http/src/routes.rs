//! Every route that there is, in one table: the router is made from it, and so is any list of the ways out.

/// What is behind a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// Discovery (TAXII 2.1, section 4.1).
    Discovery,
    /// The API root (section 4.2).
    ApiRoot,
    /// The status of a contribution (section 4.3).
    Status,
    /// The collections of the caller (section 5.1).
    Collections,
    /// One of them (section 5.2).
    Collection,
    /// What is in it (section 5.3).
    Manifest,
    /// Its objects, and adding to them (sections 5.4 and 5.5).
    Objects,
    /// One object, and deleting it (sections 5.6 and 5.7).
    Object,
    /// The versions of an object (section 5.8).
    Versions,
    /// Looking up many values in one call.
    Lookup,
    /// What is public of a block.
    Block,
    /// A file of the lists of what is blocked.
    List,
    /// Whether the process lives.
    Health,
    /// Whether it can serve.
    Readiness,
}

/// A route: a path, and what may be done there.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// The path; parameters stand in braces. It is served without its last slash too.
    pub template: &'static str,
    /// The methods, as an `Allow` header lists them.
    pub allow: &'static str,
    /// What is behind it.
    pub resource: Resource,
}

impl Route {
    /// Whether a method is among those allowed.
    pub fn allows(&self, method: &str) -> bool {
        self.allow.split(", ").any(|allowed| allowed == method)
    }
}

/// The path of the one API root.
pub const API_ROOT: &str = "/api/";

const READ: &str = "GET, HEAD";

const fn route(template: &'static str, allow: &'static str, resource: Resource) -> Route {
    Route { template, allow, resource }
}

/// All routes of the main listener.
pub const ROUTES: [Route; 14] = [
    route("/taxii2/", READ, Resource::Discovery),
    route(API_ROOT, READ, Resource::ApiRoot),
    route("/api/status/{status}/", READ, Resource::Status),
    route("/api/collections/", READ, Resource::Collections),
    route("/api/collections/{collection}/", READ, Resource::Collection),
    route("/api/collections/{collection}/manifest/", READ, Resource::Manifest),
    route("/api/collections/{collection}/objects/", "GET, HEAD, POST", Resource::Objects),
    route("/api/collections/{collection}/objects/{object}/", "GET, HEAD, DELETE", Resource::Object),
    route("/api/collections/{collection}/objects/{object}/versions/", READ, Resource::Versions),
    route("/v1/lookup", "POST", Resource::Lookup),
    route("/block/{block}", READ, Resource::Block),
    route("/lists/{*file}", READ, Resource::List),
    route("/healthz", READ, Resource::Health),
    route("/readyz", READ, Resource::Readiness),
];

/// Whether nothing at all is told at a path to whom has no key.
pub fn needs_key(path: &str) -> bool {
    ["/taxii2", "/api", "/v1"]
        .iter()
        .any(|root| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_told_apart() {
        let objects = ROUTES.iter().find(|route| route.resource == Resource::Objects).unwrap();
        for (method, allowed) in
            [("GET", true), ("HEAD", true), ("POST", true), ("DELETE", false), ("GET,", false), ("", false)]
        {
            assert_eq!(objects.allows(method), allowed, "{method}");
        }
    }

    #[test]
    fn knows_the_paths_that_need_a_key() {
        for path in ["/taxii2", "/taxii2/", "/api", "/api/", "/api/nothing", "/taxii2/x/y", "/v1/lookup"] {
            assert!(needs_key(path), "{path}");
        }
        for path in ["/", "/healthz", "/apis/", "/taxii", "/taxii21/", "//api/"] {
            assert!(!needs_key(path), "{path}");
        }
        for route in ROUTES {
            let open = matches!(
                route.resource,
                Resource::Health | Resource::Readiness | Resource::Block | Resource::List
            );
            assert_eq!(needs_key(route.template), !open, "{}", route.template);
        }
    }
}
