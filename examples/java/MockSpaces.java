import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A world of its own for each test, from a mock that runs already: {@code mockspaces serve}, or a container.
 *
 * <p>Copy this file into your tests; it needs JUnit 5 and the JDK, 17 or newer. If a test fails, its journal is printed: what
 * was asked, and why it was refused. A fault that was planned and never happened fails its test.
 *
 * <pre>{@code
 * @RegisterExtension
 * final MockSpaces world = new MockSpaces();
 * }</pre>
 */
public final class MockSpaces implements BeforeEachCallback, AfterEachCallback {
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private final String server;
    private final String seed;
    private String name;
    private String url;

    /** The mock is the one that the variable MOCKSPACES_URL names, or http://localhost:8080. */
    public MockSpaces() {
        this(System.getenv().getOrDefault("MOCKSPACES_URL", "http://localhost:8080"), "demo");
    }

    /**
     * @param server the URL of a running mock, as a container tells it
     * @param seed what a world begins with: demo or empty
     */
    public MockSpaces(String server, String seed) {
        this.server = server;
        this.seed = seed;
    }

    /** Returns the URL of this test's world, below which the code under test finds everything. */
    public String url() {
        return url;
    }

    /** Returns the URL of its REST API. */
    public String apiUrl() {
        return url + "/api";
    }

    @Override
    public void beforeEach(ExtensionContext context) throws Exception {
        name = text(control(server, "POST", "/worlds", "{\"seed\": " + quoted(seed) + "}"), "name");
        url = server + "/w/" + name;
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        try {
            if (context.getExecutionException().isPresent()) {
                System.err.println(context.getDisplayName() + " failed in its world:\n" + story());
            } else if (Pattern.compile("\"fired\":0\\b").matcher(get("/faults")).find()) {
                throw new AssertionError("planned, but it never happened: " + get("/faults"));
            }
        } finally {
            control(server, "DELETE", "/worlds/" + encoded(name), null);
        }
    }

    /** Makes a control call by GET, {@code "/outbox"} for example, and returns its JSON. */
    public String get(String path) {
        return control(url, "GET", path, null);
    }

    /** Makes a control call by POST, {@code "/users"} for example, and returns its JSON. */
    public String post(String path, String body) {
        return control(url, "POST", path, body);
    }

    /** Returns an access token of a user, to be sent as {@code Bearer}. */
    public String token(String username) {
        return text(post("/tokens", "{\"username\": " + quoted(username) + "}"), "token");
    }

    /** Creates a service app with these scopes and a key pair, and returns its iss. */
    public String serviceApp(String... scopes) {
        String listed = scopes.length == 0 ? "" : "\"" + String.join("\", \"", scopes) + "\"";
        return text(post("/service-apps", "{\"scopes\": [" + listed + "]}"), "iss");
    }

    /** Returns a JWT as this app would sign it, sent as {@code service_app}; with negative seconds it has expired. */
    public String jwt(String iss, int expiresInSeconds) {
        String body = "{\"expires_in\": " + expiresInSeconds + "}";
        return text(post("/service-apps/" + encoded(iss) + "/jwt", body), "token");
    }

    /** Refuses the next call of a route, as in {@code "GET /users/me"}, exactly as the code says. */
    public void reject(String code, String route) {
        String action = "\"action\": {\"reject\": " + quoted(code) + "}";
        post("/faults", "{\"match\": {\"route\": " + quoted(route) + "}, " + action + ", \"times\": 1}");
    }

    /** Moves the clock of the world forward. */
    public void advance(long seconds) {
        post("/clock", "{\"advance\": " + seconds + "}");
    }

    /** Returns entries of the journal as JSON as soon as one fits, for which it waits five seconds. */
    public String await(String route) {
        return post("/journal/wait", "{\"filter\": {\"route\": " + quoted(route) + "}}");
    }

    /** Returns what was asked, one line for each exchange: outcome, call, caller, code, and why it was refused. */
    public String story() {
        StringBuilder told = new StringBuilder();
        // Each entry begins with its id; values are taken where they stand first, before headers and bodies.
        for (String entry : get("/journal?limit=100").split("\\{\"id\":(?=\\d+,\"trace\":)")) {
            if (entry.contains("\"trace\":")) {
                String status = number(entry, "status");
                String line = status + "  " + text(entry, "method") + " " + text(entry, "path");
                for (String member : new String[] {"caller", "code", "why"}) {
                    line += text(entry, member).isEmpty() ? "" : "  " + text(entry, member);
                }
                told.append(line).append('\n');
            }
        }
        return told.isEmpty() ? "nothing was asked\n" : told.toString();
    }

    private static String control(String base, String method, String path, String body) {
        HttpRequest.BodyPublisher sent =
                body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body);
        HttpRequest request = HttpRequest.newBuilder(URI.create(base + "/_mock" + path))
                .header("Content-Type", "application/json")
                .method(method, sent)
                .build();
        try {
            HttpResponse<String> answer = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() != 200) {
                throw new IllegalStateException(method + " " + path + ": " + answer.statusCode() + " " + answer.body());
            }
            return answer.body();
        } catch (IOException error) {
            throw new IllegalStateException("no mock answers at " + base + ": " + error, error);
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(error);
        }
    }

    /** Returns the first string of this name, "" if it is null or missing: enough for the answers that are read here. */
    private static String text(String json, String member) {
        Matcher found = Pattern.compile("\"" + member + "\":\\s*\"((?:[^\"\\\\]|\\\\.)*)\"").matcher(json);
        return found.find() ? found.group(1).replaceAll("\\\\(.)", "$1") : "";
    }

    private static String number(String json, String member) {
        Matcher found = Pattern.compile("\"" + member + "\":\\s*(\\d+)").matcher(json);
        return found.find() ? found.group(1) : "";
    }

    private static String quoted(String text) {
        return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }

    private static String encoded(String part) {
        return URLEncoder.encode(part, StandardCharsets.UTF_8);
    }
}
