import Glibc

/// The configuration that is meant when none is named: that of roostd.
enum ConfigFile {
    static func standard(
        _ environment: (String) -> String?,
        exists: (String) -> Bool = { access($0, F_OK) == 0 }
    ) -> String {
        if let variable = environment("ROOST_CONFIG"), !variable.isEmpty { return variable }
        return exists("/etc/roost/roost.yaml") ? "/etc/roost/roost.yaml" : "Config/roost.yaml"
    }
}
