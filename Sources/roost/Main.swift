import Glibc
import RoostCommand

@main
struct Main {
    // Nothing is buffered, so nothing is left to the runtime's tear-down.
    static func main() { _exit(RoostProgram.run(arguments: Array(CommandLine.arguments.dropFirst()))) }
}
