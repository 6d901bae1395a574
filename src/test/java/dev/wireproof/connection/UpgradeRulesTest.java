package dev.wireproof.connection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.connection.UpgradeRules.Answer;
import dev.wireproof.connection.UpgradeRules.Asked;
import dev.wireproof.testkit.Shows;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class UpgradeRulesTest {
    private static final String[] BEHIND_PROXY = {"trusted-proxies=10.0.0.0/8,127.0.0.1"};

    private static Answer answer(
            String[] settings,
            String from,
            boolean tls,
            @Nullable String forwardedFor,
            @Nullable String forwardedProto) {
        try {
            Asked asked = new Asked(
                    "GET",
                    "websocket",
                    "13",
                    null,
                    List.of("other", "rmm.v1"),
                    InetAddress.getByName(from),
                    tls,
                    forwardedFor,
                    forwardedProto);
            return new UpgradeRules(LineUnderTest.properties(settings)).answer(asked, null);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Answer welcome(String address, @Nullable String proxiedFor) {
        return new Answer.Welcome(new Connection.Peer(address, proxiedFor));
    }

    private static void assertNeedsTls(Answer answer) {
        assertThat(answer).isInstanceOfSatisfying(Answer.Refused.class, refused -> {
            assertThat(refused.status()).isEqualTo(403);
            assertThat(refused.code()).isEqualTo("tls-required");
        });
    }

    @Test
    void plaintext_is_let_in_from_loopback_only() {
        assertThat(answer(new String[0], "127.0.0.1", false, null, null)).isEqualTo(welcome("127.0.0.1", null));
        assertThat(answer(new String[0], "::1", false, null, null)).isEqualTo(welcome("0:0:0:0:0:0:0:1", null));
        assertNeedsTls(answer(new String[0], "192.0.2.7", false, null, null));
        assertThat(answer(new String[0], "192.0.2.7", true, null, null)).isEqualTo(welcome("192.0.2.7", null));
    }

    @Test
    void plaintext_from_anywhere_is_let_in_where_an_operator_allows_it() {
        assertThat(answer(new String[] {"plaintext=any"}, "192.0.2.7", false, null, null))
                .isEqualTo(welcome("192.0.2.7", null));
    }

    @Test
    @Shows("S37")
    void what_a_stranger_says_of_being_a_proxy_is_not_believed() {
        assertNeedsTls(answer(new String[0], "192.0.2.7", false, "198.51.100.1", "https"));
        assertNeedsTls(answer(BEHIND_PROXY, "192.0.2.7", false, "127.0.0.1", "https"));
        assertThat(answer(new String[0], "127.0.0.1", false, "198.51.100.1", "http"))
                .isEqualTo(welcome("127.0.0.1", null));
    }

    @Test
    void a_trusted_proxy_tells_the_agents_address_and_whether_it_came_by_tls() {
        assertThat(answer(BEHIND_PROXY, "10.1.2.3", false, "198.51.100.1", "https"))
                .isEqualTo(welcome("10.1.2.3", "198.51.100.1"));
        assertNeedsTls(answer(BEHIND_PROXY, "10.1.2.3", false, "198.51.100.1", "http"));
        assertNeedsTls(answer(BEHIND_PROXY, "10.1.2.3", false, "198.51.100.1", null));
    }

    @Test
    void an_agent_behind_a_proxy_on_loopback_is_not_on_loopback_itself() {
        assertNeedsTls(answer(BEHIND_PROXY, "127.0.0.1", false, "198.51.100.1", "http"));
    }

    @Test
    void of_several_hops_the_last_one_is_what_the_proxy_itself_saw() {
        assertThat(answer(BEHIND_PROXY, "10.1.2.3", false, "127.0.0.1, 198.51.100.1", "http, https"))
                .isEqualTo(welcome("10.1.2.3", "198.51.100.1"));
        assertNeedsTls(answer(BEHIND_PROXY, "10.1.2.3", false, "198.51.100.1", "https, http"));
    }

    @Test
    void an_overloaded_server_says_so_with_503() {
        Asked asked = new Asked(
                "GET", "websocket", "13", null, List.of("rmm.v1"), InetAddress.getLoopbackAddress(), false, null, null);
        assertThat(new UpgradeRules(LineUnderTest.properties()).answer(asked, "full"))
                .isInstanceOfSatisfying(
                        Answer.Refused.class,
                        refused -> assertThat(refused.status()).isEqualTo(503));
    }
}
