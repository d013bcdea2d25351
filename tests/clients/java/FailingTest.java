import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tests that fail: one is refused, in the other what it planned never happens. */
class FailingTest {
    @RegisterExtension
    final MockSpaces world = new MockSpaces();

    @Test
    void refused() throws Exception {
        new Greeter(world.apiUrl(), () -> "Bearer nonsense").greet("nowhere", "Bob");
    }

    @Test
    void unfired() {
        world.reject("space.not_found", "POST /spaces/{spaceId}/chats");
    }
}
