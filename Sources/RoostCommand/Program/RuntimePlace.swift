import Glibc
import RoostIPC
import RoostReactor

/// Where the supervisor's socket is, and what to say when nobody answers there.
struct RuntimePlace: Sendable, Equatable {
    let directory: String
    var socket: String { directory + "/roostd.sock" }

    static let system = "/run/roost"

    /// The flag, then ROOST_RUNTIME, then the system's if there is one, then the one of `make run`.
    init(flag: String?, environment: (String) -> String?, exists: (String) -> Bool) {
        if let flag {
            directory = flag
        } else if let variable = environment("ROOST_RUNTIME"), !variable.isEmpty {
            directory = variable
        } else {
            directory = exists(Self.system + "/roostd.sock") ? Self.system : ".roost/run"
        }
    }

    /// With the folder that a relative path starts from, so that the reader sees where was looked.
    private var shown: String {
        guard !directory.hasPrefix("/"), let current = getcwd(nil, 0) else { return socket }
        defer { free(current) }
        return String(cString: current) + "/" + socket
    }

    /// Somebody holds the socket and does not speak.
    var silent: CommandFailure {
        CommandFailure(
            .noSupervisor,
            code: "no_supervisor",
            "roostd holds \(shown) and does not answer; see its log, or restart it (`systemctl restart roost`)"
        )
    }

    func failure(of error: UnixSocket.BindError) -> CommandFailure {
        let message =
            switch error {
            case .system(let error) where error.code == EACCES: "may not connect to \(shown); use sudo"
            case .system(let error) where ![ENOENT, ECONNREFUSED, ENOTDIR].contains(error.code):
                "cannot connect to \(shown): \(String(cString: strerror(error.code))); start roostd with `make run`"
            case .system, .inUse, .notASocket:
                "no supervisor answers at \(shown); start it with `make run` or `systemctl start roost`"
            case .pathTooLong: error.description
            }
        return CommandFailure(.noSupervisor, code: "no_supervisor", message)
    }
}
