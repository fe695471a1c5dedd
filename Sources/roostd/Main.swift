import Glibc
import RoostSupervisor

@main
struct Main {
    static func main() { exit(RoostDaemon.run(arguments: Array(CommandLine.arguments.dropFirst()))) }
}
