/// Configurations that tests begin with.
enum Sample {
    static let proxy = """
        proxy: { listen: "127.0.0.1:PORT" }
        workers:
          proxy: { drain: 5s }

        """

    /// A configuration with scripted workers; each entry is a name, its script, and further keys in flow style.
    static func scripted(_ workers: [(name: String, script: String, more: String)], supervisor: String = "") -> String {
        var text = "supervisor: { \(supervisor) }\nworkers:\n"
        for worker in workers {
            let more = worker.more.isEmpty ? "" : ", " + worker.more
            text += "  \(worker.name): { executable: SCRIPTED, environment: { SCRIPT: \"\(worker.script)\" }\(more) }\n"
        }
        return text
    }

    static func scripted(_ script: String, _ more: String = "", supervisor: String = "") -> String {
        scripted([("alpha", script, more)], supervisor: supervisor)
    }
}
