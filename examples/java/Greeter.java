import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.function.Supplier;

/** A small program as one would write it for the real service: it greets people in a space, and gets new tokens. */
public final class Greeter {
    private final HttpClient http = HttpClient.newHttpClient();
    private final String apiUrl;
    private final Supplier<String> credentials;
    private String credential;

    /** @param credentials gives the value of the header Authorization, anew whenever the last one has expired */
    public Greeter(String apiUrl, Supplier<String> credentials) {
        this.apiUrl = apiUrl;
        this.credentials = credentials;
        this.credential = credentials.get();
    }

    /** Says hello in a space, with a fresh credential if the service takes the old one no more. */
    public void greet(String space, String who) throws IOException, InterruptedException {
        String body = "{\"content\": {\"bodyText\": \"Hello, " + who + "!\"}}";
        int status = post("/spaces/" + space + "/chats", body);
        if (status == 401) {
            credential = credentials.get();
            status = post("/spaces/" + space + "/chats", body);
        }
        if (status != 200) {
            throw new IOException("the greeting was answered with " + status);
        }
    }

    private int post(String path, String body) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(apiUrl + path))
                .header("Authorization", credential)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
    }
}
