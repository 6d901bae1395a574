package dev.wireproof.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class SealedAnswerTest {
    private static final byte[] ANSWER = "{\"secret\":\"wpt_x\"}".getBytes(StandardCharsets.UTF_8);

    @Test
    void only_the_same_caller_with_the_same_key_opens_it() {
        byte[] sealed = new SealedAnswer("wpt_mine", "key").seal(ANSWER);
        assertThat(new String(sealed, StandardCharsets.ISO_8859_1)).doesNotContain("secret");
        assertThat(new SealedAnswer("wpt_mine", "key").open(sealed)).contains(ANSWER);
        assertThat(new SealedAnswer("wpt_other", "key").open(sealed)).isEmpty();
        assertThat(new SealedAnswer("wpt_mine", "other").open(sealed)).isEmpty();
    }
}
