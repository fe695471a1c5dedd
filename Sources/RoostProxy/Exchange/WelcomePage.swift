/// The page of the shipped default rule: the first thing that a new user sees.
enum WelcomePage {
    static let html: StaticString = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Roost works</title>
        <style>
        :root { color-scheme: light dark; }
        body { font: 16px/1.6 system-ui, sans-serif; max-width: 40rem; margin: 12vh auto 0; padding: 0 1.5rem; }
        h1 { font-size: 1.8rem; margin-bottom: .3em; }
        code, pre { font: 14px/1.5 ui-monospace, monospace; }
        pre { padding: .9rem 1.1rem; border: 1px solid #8884; border-radius: 8px; overflow-x: auto; }
        li { margin: .3rem 0; }
        footer { margin-top: 3rem; opacity: .65; font-size: .9rem; }
        </style>
        </head>
        <body>
        <h1>Roost works.</h1>
        <p>This page comes from the default rule, which answers what no other rule takes.
        Send traffic to a service of yours with a rule of your own:</p>
        <pre># rules.d/api.yaml
        name: api
        match: { hosts: [api.test] }
        backends: [ { url: "http://127.0.0.1:9001" } ]</pre>
        <p>Save it beside <code>roost.yaml</code>; it is taken up at once. Then look around:</p>
        <ul>
        <li><code>roost status</code> shows the supervisor and its workers,</li>
        <li><code>roost metrics</code> shows what the proxy has done,</li>
        <li><code>roost logs -f</code> follows what happens.</li>
        </ul>
        <footer>Roost, a supervised reverse proxy.</footer>
        </body>
        </html>

        """
}
