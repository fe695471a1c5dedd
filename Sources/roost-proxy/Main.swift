import Glibc
import RoostProxy
import RoostWorker

@main
struct Main {
    static func main() { exit(WorkerMain.run("proxy", ProxyWorker.self)) }
}
