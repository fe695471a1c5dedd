import CLinux
import Glibc
import RoostReactor

/// `roost-config`, which lies beside every worker and reads YAML for those that do not link a reader.
enum CompanionProgram {
    /// Becomes `roost-config check`; returns (70) only if it is not there.
    static func check(_ file: String, section: String) -> Int32 {
        let arguments = cStrings(["roost-config", "check", "--section", section, file])
        execv(path, arguments)
        WorkerMain.complain("\(path): \(String(cString: strerror(errno))); install it beside this program")
        return 70
    }

    /// The bundle that `roost-config emit` writes. Blocks: for the start of a worker without a supervisor.
    ///
    /// - Throws: `SystemError`.
    static func emit(_ file: String) throws -> [UInt8] {
        let output = roost_memfd("roost-config-output")
        guard output >= 0 else { throw SystemError("memfd_create", code: -output) }
        let memory = Descriptor(owning: output)
        let arguments = cStrings(["roost-config", "emit", file])
        defer { for argument in arguments { free(argument) } }
        let descriptors: [Int32] = [0, memory.number, 2]
        var result = roost_spawn_result()
        let status = path.withCString { path in
            arguments.withUnsafeBufferPointer { arguments in
                descriptors.withUnsafeBufferPointer { descriptors in
                    var request = roost_spawn_request()
                    request.path = path
                    request.arguments = arguments.baseAddress
                    request.environment = roost_environment()
                    request.fds = descriptors.baseAddress
                    request.fd_count = 3
                    request.oom_score_adjust = .min
                    request.nice = .min
                    return roost_spawn(&request, &result)
                }
            }
        }
        guard status == 0 else { throw SystemError("execve", path, code: result.error) }
        close(result.pidfd)
        waitpid(result.pid, nil, 0)
        var content = [UInt8](repeating: 0, count: Int(max(0, lseek(memory.number, 0, SEEK_END))))
        let count = pread(memory.number, &content, content.count, 0)
        content.removeLast(content.count - max(0, count))
        return content
    }

    /// A null-terminated array for execve(2).
    private static func cStrings(_ strings: [String]) -> [UnsafeMutablePointer<CChar>?] {
        var pointers: [UnsafeMutablePointer<CChar>?] = []
        for string in strings { pointers.append(strdup(string)) }
        return pointers + [nil]
    }

    /// Beside this program.
    private static var path: String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let own = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return (own.lastIndex(of: "/").map { String(own[..<$0]) } ?? ".") + "/roost-config"
    }
}
