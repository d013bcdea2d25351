import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class GreeterTest {
    @RegisterExtension
    final MockSpaces world = new MockSpaces();

    /** Makes a space of a user with a control call, and returns its id. */
    private String space() {
        String made = world.post("/spaces", "{\"title\": \"Launch\", \"owner\": \"ann@example.com\"}");
        return made.replaceAll("(?s).*\"_id\":\"(\\w+)\".*", "$1");
    }

    @Test
    void greets() throws Exception {
        String space = space();
        new Greeter(world.apiUrl(), () -> "Bearer " + world.token("ann@example.com")).greet(space, "Bob");
        assertTrue(world.get("/messages?space=" + space).contains("Hello, Bob!"));
        assertTrue(world.await("POST /spaces/{spaceId}/chats").contains("\"status\":200"));
    }

    @Test
    void renewsATokenThatHasExpired() throws Exception {
        String space = space();
        Greeter greeter = new Greeter(world.apiUrl(), () -> "Bearer " + world.token("ann@example.com"));
        world.advance(48 * 3600);
        greeter.greet(space, "Bob");
        assertTrue(world.get("/journal?status=401").contains("auth.credential_expired"));
    }

    @Test
    void tellsOfARefusal() {
        String space = space();
        Greeter greeter = new Greeter(world.apiUrl(), () -> "Bearer " + world.token("ann@example.com"));
        world.reject("space.not_found", "POST /spaces/{spaceId}/chats");
        IOException error = assertThrows(IOException.class, () -> greeter.greet(space, "Bob"));
        assertEquals("the greeting was answered with 404", error.getMessage());
    }

    @Test
    void aServiceAppSignsItsOwnJwt() {
        String iss = world.serviceApp("spaces.list");
        Greeter greeter = new Greeter(world.apiUrl(), () -> "service_app " + world.jwt(iss, -1));
        assertThrows(IOException.class, () -> greeter.greet(space(), "Bob"));
        assertTrue(world.story().contains("401  POST /api/spaces/"));
        assertTrue(world.story().contains("auth.credential_expired  exp "));
    }
}
