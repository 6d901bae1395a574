package dev.wireproof.access;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class StorableTextTest {
    @Test
    void nul_and_lone_surrogates_become_replacement_characters_and_all_else_stays() {
        assertThat(StorableText.of("a\0b")).isEqualTo("a\uFFFDb");
        assertThat(StorableText.of("\uD800x\uDC00")).isEqualTo("\uFFFDx\uFFFD");
        assertThat(StorableText.of("\uD83D")).isEqualTo("\uFFFD");
        String fit = "line\n\u001B[31m<b>\u00E9\uD83D\uDE00";
        assertThat(StorableText.of(fit)).isSameAs(fit);
        assertThat(StorableText.fits(fit)).isTrue();
        assertThat(StorableText.fits("\0")).isFalse();
    }
}
