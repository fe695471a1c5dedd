import Glibc
import RoostWorker

/// A worker that does what the variable SCRIPT says (see `Script`), for tests of the supervisor.
@main
struct Main {
    static func main() {
        let script = Script(getenv("SCRIPT").map { String(cString: $0) } ?? "")
        script.actAtStart()
        Scripted.script = script
        exit(WorkerMain.run("scripted", ScriptedWorker.self))
    }
}
