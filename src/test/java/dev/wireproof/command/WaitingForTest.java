package dev.wireproof.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.command.WaitingFor.Agent;
import dev.wireproof.protocol.AgentMessage.NackCode;
import dev.wireproof.protocol.WireTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** One true sentence for every open command in every situation. */
class WaitingForTest {

    private static String says(Story story, Agent agent) {
        String sentence = WaitingFor.sentence(story.facts, agent, false, story.now);
        assertThat(sentence).isNotNull().endsWith(".").doesNotContain("unknown time");
        return sentence;
    }

    private static String at(Instant instant) {
        return WireTime.format(instant);
    }

    @ParameterizedTest
    @EnumSource(Agent.class)
    void every_open_command_has_one_and_no_ended_one(Agent agent) {
        for (int life = 0; life < 2_000; life++) {
            Random random = new Random(life);
            CommandFacts facts = RandomEvents.fresh(random);
            for (int n = 0; n < 20; n++) {
                facts = LifecycleRules.facts(Story.LIFE.next(facts, RandomEvents.any(random, facts)), facts);
                String sentence = WaitingFor.sentence(facts, agent, random.nextBoolean(), facts.stateSince());
                if (facts.state().ended()) {
                    assertThat(sentence).isNull();
                } else {
                    assertThat(sentence).isNotNull().endsWith(".").doesNotContain("unknown time");
                }
            }
        }
    }

    @Test
    void a_queued_one_says_why_it_is_not_offered_and_until_when() {
        Story story = Story.queued();
        assertThat(says(story, Agent.AWAY))
                .isEqualTo(
                        "Queued since %s and not offered: the agent is not connected; it is offered when the agent comes,"
                                        .formatted(at(story.now))
                                + " until it expires at " + at(story.facts.expiresAt()) + ".");
        assertThat(says(story, Agent.HELD)).contains("held back from commands; it is offered when that ends");
        assertThat(says(story, Agent.WINDOW_FULL)).contains("16 commands before it are not acknowledged");
        assertThat(says(story, Agent.QUEUE_FULL)).contains("queue is full");
        assertThat(says(story, Agent.CONNECTED)).contains("its turn comes within seconds");
    }

    @Test
    void an_offered_one_says_by_when_the_ack_must_come_and_what_then() {
        Story story = Story.offered();
        assertThat(says(story, Agent.CONNECTED))
                .isEqualTo(
                        "Offered once since %s and not acknowledged: without an ack by %s it is offered again, with 9 attempts left."
                                .formatted(at(story.now), at(story.now.plusSeconds(5))));
        story.after(Duration.ofSeconds(6));
        assertThat(says(story, Agent.CONNECTED))
                .contains("overdue since")
                .contains("it is offered again, with 9 attempts left within seconds");
    }

    @Test
    void a_busy_answer_leaves_all_attempts() {
        assertThat(says(Story.offered().nack(NackCode.BUSY), Agent.CONNECTED)).contains("with 10 attempts left");
    }

    @Test
    void the_last_attempt_says_that_it_is() {
        Story story = Story.offered();
        for (int attempt = 1; attempt < 9; attempt++) {
            story.due();
        }
        assertThat(says(story, Agent.CONNECTED)).contains("with one attempt left");
        story.due();
        assertThat(says(story, Agent.CONNECTED)).contains("Offered 10 times").contains("it ends undeliverable");
    }

    @Test
    void one_that_expires_before_the_ack_is_due_says_so() {
        Story story = Story.queuedFor(Duration.ofSeconds(3)).offer();
        assertThat(says(story, Agent.CONNECTED))
                .contains("without an ack it expires at " + at(story.facts.expiresAt()));
    }

    @Test
    void an_offered_one_whose_agent_is_away_waits_for_it() {
        assertThat(says(Story.offered(), Agent.AWAY))
                .startsWith("Offered once since")
                .contains("the agent is not connected")
                .contains("until it expires at");
        assertThat(says(Story.offered().away(), Agent.HELD)).contains("held back");
    }

    @Test
    void a_redelivered_one_counts_the_offers_of_its_new_round() {
        Story story = Story.undeliverable().redeliver();
        assertThat(says(story, Agent.AWAY))
                .startsWith("Asked to be delivered again at")
                .contains("not offered since");
        assertThat(says(story.offer(), Agent.CONNECTED)).startsWith("Offered once since");
    }

    @Test
    void a_cancelled_offer_says_what_goes_out_and_how_it_ends() {
        Story story = Story.offered().cancel();
        assertThat(says(story, Agent.CONNECTED))
                .contains("CommandCancel was sent once; without an answer by")
                .contains("CommandCancel is sent again");
        assertThat(says(story, Agent.AWAY))
                .contains("goes out when the agent can be reached; without an answer it ends");
        while (story.facts.attemptsUsed() < 9) {
            story.due();
        }
        assertThat(says(story, Agent.CONNECTED)).endsWith("it ends cancelled.");
    }

    @Test
    void one_in_the_agents_hands_says_until_when_a_result_is_waited_for() {
        Story acked = Story.acked();
        assertThat(says(acked, Agent.CONNECTED))
                .startsWith("The agent acknowledged it at " + at(acked.now))
                .endsWith("ends timed_out at " + at(acked.facts.lastChance()) + ".");
        Story running = Story.running();
        assertThat(says(running, Agent.CONNECTED))
                .isEqualTo("It runs since %s: without a result it ends timed_out at %s."
                        .formatted(at(running.now), at(running.now.plus(Duration.ofMinutes(10)))));
        assertThat(says(running, Agent.AWAY))
                .contains("asked when it comes back")
                .contains(at(running.facts.lastChance()));
        assertThat(says(running.cancel(), Agent.CONNECTED)).contains("its cancellation was asked for at", "was sent");
        assertThat(says(Story.running().cancelWhileAway(), Agent.AWAY)).contains("goes out when the agent comes");
    }

    @Test
    void a_paused_reaper_is_named() {
        Story story = Story.offered();
        assertThat(WaitingFor.sentence(story.facts, Agent.CONNECTED, true, story.now))
                .endsWith("; but the reaper is paused for this agent: no deadline is acted on until it is resumed.");
    }
}
