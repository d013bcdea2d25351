// Both HTTP clients of the JDK: `java Client.java URL TOKEN IDLE_MS KIND`, one line for each case.

import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

public class Client {
    static final byte[] FORM = "grant_type=nonsense".getBytes();
    static final byte[] JSON = "{\"topic\": {\"title\": \"Room\"}}".getBytes();
    static final int MB = 1024 * 1024;
    static String url, token;

    enum Length { KNOWN, CHUNKED, SLOW }

    interface Sender {
        int send(String path, byte[] body, String type, Length length) throws Exception;
    }

    static InputStream slow(byte[] body) {
        return new InputStream() {
            int at = 0;

            @Override
            public int read() {
                if (at == body.length / 2) {
                    try { Thread.sleep(300); } catch (InterruptedException e) { throw new RuntimeException(e); }
                }
                return at < body.length ? body[at++] & 255 : -1;
            }

            @Override
            public int read(byte[] into, int from, int count) {
                int next = read();
                if (next < 0) return -1;
                into[from] = (byte) next;
                return 1;
            }
        };
    }

    // Offers h2c with each call, which is what makes it worth trying.
    static final HttpClient CLIENT = HttpClient.newHttpClient();

    static int modern(String path, byte[] body, String type, Length length) throws Exception {
        BodyPublisher whole = body == null ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body);
        BodyPublisher publisher = switch (length) {
            case KNOWN -> whole;
            case CHUNKED -> BodyPublishers.ofInputStream(() -> new java.io.ByteArrayInputStream(body));
            case SLOW -> BodyPublishers.ofInputStream(() -> slow(body));
        };
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url + path)).header("Authorization", "bearer " + token);
        if (body == null) request.GET(); else request.header("Content-Type", type).POST(publisher);
        return CLIENT.send(request.build(), BodyHandlers.ofByteArray()).statusCode();
    }

    static int classic(String path, byte[] body, String type, Length length) throws Exception {
        HttpURLConnection connection = (HttpURLConnection) URI.create(url + path).toURL().openConnection();
        connection.setRequestProperty("Authorization", "bearer " + token);
        if (body != null) {
            connection.setDoOutput(true);
            connection.setRequestProperty("Content-Type", type);
            if (length != Length.KNOWN) connection.setChunkedStreamingMode(0);
            try (var out = connection.getOutputStream()) {
                if (length == Length.SLOW) slow(body).transferTo(out); else out.write(body);
            }
        }
        int status = connection.getResponseCode();
        try (InputStream answer = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
            if (answer != null) answer.readAllBytes();
        }
        return status;
    }

    public static void main(String[] given) throws Exception {
        url = given[0];
        token = given[1];
        Sender sender = given[3].equals("modern") ? Client::modern : Client::classic;
        String form = "application/x-www-form-urlencoded", json = "application/json";
        System.out.println("form " + sender.send("/oauth2/access_token", FORM, form, Length.KNOWN));
        System.out.println("json " + sender.send("/api/spaces/invite", JSON, json, Length.KNOWN));
        System.out.println("chunked " + sender.send("/api/spaces/invite", JSON, json, Length.CHUNKED));
        System.out.println("slow " + sender.send("/api/spaces/invite", JSON, json, Length.SLOW));
        System.out.println("refused " + sender.send("/oauth2/access_token", new byte[6 * MB], form, Length.KNOWN));
        System.out.println("accepted " + sender.send("/oauth2/access_token", new byte[4 * MB], form, Length.KNOWN));
        ExecutorService threads = Executors.newFixedThreadPool(60);
        List<Future<Integer>> answers = new ArrayList<>();
        for (int number = 0; number < 60; number++) {
            Callable<Integer> call = () -> sender.send("/oauth2/access_token", FORM, form, Length.KNOWN);
            answers.add(threads.submit(call));
        }
        int right = 0;
        for (Future<Integer> answer : answers) right += answer.get() == 401 ? 1 : 0;
        threads.shutdown();
        System.out.println("parallel " + right);
        sender.send("/health", null, "", Length.KNOWN);
        Thread.sleep(Long.parseLong(given[2]));
        System.out.println("reuse " + sender.send("/health", null, "", Length.KNOWN));
    }
}
