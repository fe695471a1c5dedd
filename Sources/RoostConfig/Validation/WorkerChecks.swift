/// Contradictions between keys of `workers`, and with the machine.
struct WorkerChecks {
    let machine: Machine
    /// Every entry, by name.
    let workers: [(name: String, setting: Setting)]

    func run(_ validation: inout Validation, supervisor: Setting) {
        for (name, worker) in workers {
            program(name, worker, &validation)
            limits(worker, &validation)
            account(worker, &validation)
            dependencies(name, worker, &validation)
            shutdown(worker, supervisor, &validation)
        }
        circles(&validation)
    }

    private func program(_ name: String, _ worker: Setting, _ validation: inout Validation) {
        let (command, executable, heartbeat) = (worker["command"], worker["executable"], worker["heartbeat"])
        if name == "roostd" {
            validation.report(worker, "is the name of the supervisor itself", "choose another name")
        }
        if !command.isAbsent {
            if !executable.isAbsent {
                validation.report(executable, "contradicts command", "keep one of them")
            }
            if heartbeat.origin == .file {
                validation.report(
                    heartbeat,
                    "a plain program has none",
                    "remove it, or run a worker instead of a command"
                )
            }
            if let first = command.elements.first, first.text == "" {
                validation.report(first, "is empty", "write the program's name or path")
            }
        } else if executable.isAbsent, name != "roostd", !machine.hasWorker(name) {
            validation.report(
                worker,
                "there is no program roost-\(name) beside roostd",
                "install it, name the program by executable, or give a command"
            )
        }
    }

    private func limits(_ worker: Setting, _ validation: inout Validation) {
        let (memory, heartbeat, backoff) = (worker["memory"], worker["heartbeat"], worker["backoff"])
        if let soft = memory["soft"].integer, let hard = memory["hard"].integer, soft > hard {
            validation.report(
                memory["soft"],
                "\(SizeText.format(soft)) is above memory.hard (\(SizeText.format(hard)))",
                "choose a soft limit below the hard one"
            )
        }
        if let interval = heartbeat["interval"].duration, let deadline = heartbeat["deadline"].duration,
            interval >= deadline, heartbeat["interval"].origin != .fallback, !heartbeat["interval"].isMistaken,
            !heartbeat["deadline"].isMistaken
        {
            validation.report(
                heartbeat["deadline"].origin == .fallback ? heartbeat["interval"] : heartbeat["deadline"],
                "the deadline (\(DurationText.format(deadline))) is not above the interval (\(DurationText.format(interval)))",
                "choose a deadline of at least two intervals"
            )
        }
        if let base = backoff["base"].duration, let most = backoff["max"].duration, base > most,
            !backoff["base"].isMistaken, !backoff["max"].isMistaken
        {
            validation.report(
                backoff["base"].origin == .fallback ? backoff["max"] : backoff["base"],
                "base (\(DurationText.format(base))) is above max (\(DurationText.format(most)))",
                "choose a base below max"
            )
        }
    }

    private func account(_ worker: Setting, _ validation: inout Validation) {
        if let user = worker["user"].text, !worker["user"].isMistaken, machine.user(user) == nil {
            validation.report(worker["user"], "there is no user \(user)", "create it, or remove the key")
        }
        if let group = worker["group"].text, !worker["group"].isMistaken {
            if machine.group(group) == nil {
                validation.report(worker["group"], "there is no group \(group)", "create it, or remove the key")
            } else if worker["user"].isAbsent, !worker["user"].isMistaken {
                validation.report(worker["group"], "needs a user", "add user, or remove the key")
            }
        }
    }

    private func dependencies(_ name: String, _ worker: Setting, _ validation: inout Validation) {
        let names = workers.map(\.name)
        var seen: Set<String> = []
        for element in worker["after"].elements where !element.isMistaken {
            guard let other = element.text else { continue }
            if other == name {
                validation.report(element, "names the worker itself", "remove it")
            } else if !names.contains(other) {
                let mend =
                    Spelling.nearest(to: other, in: names).map { "did you mean \($0)?" }
                    ?? "add the worker, or remove it"
                validation.report(element, "there is no worker \(other)", mend)
            } else if !seen.insert(other).inserted {
                validation.report(element, "names \(other) twice", "remove one")
            }
        }
    }

    /// A stop of everything that is shorter than one worker's stop kills that worker.
    private func shutdown(_ worker: Setting, _ supervisor: Setting, _ validation: inout Validation) {
        guard let whole = supervisor["shutdown_timeout"].duration, let drain = worker["drain"].duration,
            let stop = worker["stop_timeout"].duration, drain + stop > whole, worker["drain"].origin != .mistaken
        else { return }
        validation.warn(
            worker["drain"],
            "drain and stop_timeout (\(DurationText.format(drain + stop))) are longer than supervisor.shutdown_timeout "
                + "(\(DurationText.format(whole)))",
            "raise the one or lower the other"
        )
    }

    /// Workers that wait for each other, each circle once.
    private func circles(_ validation: inout Validation) {
        let waits = Dictionary(
            workers.map { ($0.name, $0.setting["after"].elements) },
            uniquingKeysWith: { first, _ in first }
        )
        var finished: Set<String> = []
        var path: [String] = []

        func visit(_ name: String) {
            guard !finished.contains(name) else { return }
            path.append(name)
            for element in waits[name] ?? [] {
                guard let next = element.text, next != name, waits[next] != nil else { continue }
                if let start = path.firstIndex(of: next) {
                    let circle = (path[start...] + [next]).joined(separator: " -> ")
                    validation.report(element, "the workers wait for each other: \(circle)", "remove one of them")
                } else {
                    visit(next)
                }
            }
            path.removeLast()
            finished.insert(name)
        }
        for (name, _) in workers { visit(name) }
    }
}
