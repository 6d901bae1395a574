package dev.wireproof.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.testkit.Shows;
import java.util.Base64;
import java.util.BitSet;
import org.junit.jupiter.api.Test;

class SecretsTest {
    @Test
    @Shows("S3")
    void a_secret_is_256_random_bits_behind_its_prefix() {
        String one = Secrets.random(Secrets.API_TOKEN);
        String other = Secrets.random(Secrets.API_TOKEN);
        assertThat(one).startsWith("wpt_");
        byte[] first = Base64.getUrlDecoder().decode(one.substring(4));
        byte[] second = Base64.getUrlDecoder().decode(other.substring(4));
        assertThat(first).hasSize(32);
        BitSet difference = BitSet.valueOf(first);
        difference.xor(BitSet.valueOf(second));
        assertThat(difference.cardinality()).isGreaterThan(80);
    }

    @Test
    void a_hash_matches_its_secret_only() {
        assertThat(Secrets.same(Secrets.hash("wpk_a"), Secrets.hash("wpk_a"))).isTrue();
        assertThat(Secrets.same(Secrets.hash("wpk_a"), Secrets.hash("wpk_b"))).isFalse();
    }
}
