import Glibc
import RoostSupervisor

@main
struct Main {
    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        exit(HiddenMode(arguments)?.run() ?? RoostDaemon.run(arguments: arguments))
    }
}
