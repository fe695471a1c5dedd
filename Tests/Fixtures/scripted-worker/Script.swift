import Glibc

/// What a scripted worker does: words `NAME` or `NAME=VALUE`, separated by spaces.
///
///     once=PATH           the rest counts only for the incarnation that can create PATH
///     exit=CODE  raise=N  at once, before anything else
///     ready-after=MS      never-ready
///     then=ACTION@MS      what happens MS after it became ready; may be given several times
///     drain=MS|never      how long a drain takes
///     ignore-term         SIGTERM does nothing
///     prepare=refuse|silent   from the second configuration on
///
/// Actions: exit:CODE, raise:N, loop, block, stall:MS, leak:BYTES_PER_SECOND, park:MS, slow:ANNOUNCED_MS:MS,
/// orphan:PATH, log, lines:TEXT, flood:COUNT, bytes:COUNT.
struct Script: Sendable {
    struct Step: Sendable {
        var action: String
        var arguments: [String]
        var milliseconds: Int
    }

    private var words: [(name: String, value: String)] = []
    var steps: [Step] = []

    init(_ text: String) {
        words = text.split(separator: " ").map { word in
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            return (parts[0], parts.count > 1 ? parts[1] : "")
        }
        if let path = self["once"] {
            let descriptor = creat(path)
            if descriptor < 0 { words = [] } else { close(descriptor) }
        }
        steps = words.filter { $0.name == "then" }.map { word in
            let parts = word.value.split(separator: "@").map(String.init)
            let call = parts[0].split(separator: ":").map(String.init)
            return Step(
                action: call[0],
                arguments: Array(call.dropFirst()),
                milliseconds: parts.count > 1 ? Int(parts[1]) ?? 0 : 0
            )
        }
    }

    subscript(name: String) -> String? { words.first { $0.name == name }?.value }
    func number(_ name: String) -> Int? { self[name].flatMap { Int($0) } }

    func actAtStart() {
        if let code = number("exit") { exit(Int32(code)) }
        if let signal = number("raise") { raise(Int32(signal)) }
    }

    private func creat(_ path: String) -> Int32 { Glibc.open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o644) }
}
