package dev.wireproof.agent;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class AgentVersionTest {
    @Test
    void an_agent_that_runs_outside_of_its_jar_claims_no_version() {
        assertThat(AgentMain.version()).isEqualTo("unpackaged");
    }
}
