package import CLinux
import Glibc

/// Starts programs. Of all of Roost, only this does.
package enum Spawner {
    /// Starts a program and says its pid and pidfd (CLOEXEC; the caller's to close). `cell` has the pid as soon as there
    /// is a process, even if this one dies before the call returns.
    ///
    /// - Throws: `SpawnError`; no process and no descriptor is left then.
    package static func spawn(
        _ request: SpawnRequest,
        noting cell: UnsafeMutablePointer<roost_spawn_cell>? = nil
    ) throws(SpawnError) -> (pid: Int32, pidfd: Int32) {
        // Listeners come from here only: a variable of the configuration would name descriptors that nobody gave, and
        // the child writes its own number into LISTEN_PID, which takes room.
        var environment = request.environment.filter { variable in
            !["LISTEN_FDS=", "LISTEN_FDNAMES=", "LISTEN_PID="].contains { variable.hasPrefix($0) }
        }
        if !request.listenerNames.isEmpty {
            environment.append("LISTEN_FDS=\(request.listenerNames.count)")
            environment.append("LISTEN_FDNAMES=\(request.listenerNames.joined(separator: ":"))")
            environment.append("LISTEN_PID=0000000000")  // ten digits of room; the child writes its own number
        }
        let arguments = CStringArray(request.arguments)
        let variables = CStringArray(environment)
        let limits = request.limits.map { roost_limit(resource: $0.resource, soft: $0.soft, hard: $0.hard) }
        let groups = request.user?.groups ?? []
        var result = roost_spawn_result()
        let status = request.path.withCString { path in
            withOptionalCString(request.directory) { directory in
                request.descriptors.withUnsafeBufferPointer { descriptors in
                    limits.withUnsafeBufferPointer { limits in
                        groups.withUnsafeBufferPointer { groups in
                            var raw = roost_spawn_request()
                            raw.path = path
                            raw.arguments = UnsafePointer(arguments.pointer)
                            raw.environment = variables.pointer
                            raw.directory = directory
                            raw.fds = descriptors.baseAddress
                            raw.fd_count = Int32(descriptors.count)
                            raw.limits = limits.baseAddress
                            raw.limit_count = Int32(limits.count)
                            raw.nice = request.nice ?? .min
                            raw.oom_score_adjust = request.oomScoreAdjust ?? .min
                            raw.change_user = request.user != nil
                            raw.uid = request.user?.uid ?? 0
                            raw.gid = request.user?.gid ?? 0
                            raw.groups = groups.baseAddress
                            raw.group_count = Int32(groups.count)
                            raw.no_new_privileges = request.denyNewPrivileges
                            raw.cell = cell
                            return roost_spawn(&raw, &result)
                        }
                    }
                }
            }
        }
        guard status == 0 else {
            throw SpawnError(path: request.path, step: .init(rawValue: result.step) ?? .clone, code: result.error)
        }
        return (result.pid, result.pidfd)
    }

    private static func withOptionalCString<Result>(
        _ string: String?,
        _ body: (UnsafePointer<CChar>?) -> Result
    ) -> Result {
        guard let string else { return body(nil) }
        return string.withCString(body)
    }
}

/// A null-terminated array of C strings, as execve(2) takes them.
private final class CStringArray {
    let pointer: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    init(_ strings: [String]) {
        count = strings.count
        pointer = .allocate(capacity: count + 1)
        for (index, string) in strings.enumerated() { pointer[index] = strdup(string) }
        pointer[count] = nil
    }

    deinit {
        for index in 0..<count { free(pointer[index]) }
        pointer.deallocate()
    }
}
