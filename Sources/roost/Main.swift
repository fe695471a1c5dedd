import Glibc
import RoostCommand

@main
struct Main {
    static func main() { exit(RoostProgram.run(arguments: Array(CommandLine.arguments.dropFirst()))) }
}
