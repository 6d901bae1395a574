package dev.wireproof.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.protocol.AgentMessage.NackCode;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** When a command is offered, what counts as an attempt, and how it ends without the agent's word. */
class OfferingRulesTest {

    @Test
    void each_ack_wait_is_longer_than_the_one_before_and_the_last_repeats() {
        Story story = Story.offered();
        List<Long> waits = new ArrayList<>();
        Instant before = story.now;
        while (!story.facts.state().ended()) {
            story.due();
            waits.add(Duration.between(before, story.now).toSeconds());
            before = story.now;
        }
        assertThat(waits).containsExactly(5L, 10L, 20L, 30L, 60L, 60L, 60L, 60L, 60L, 60L);
        assertThat(story.facts.state()).isEqualTo(CommandState.UNDELIVERABLE);
        assertThat(story.facts.certainty()).isEqualTo(Certainty.UNKNOWN);
        assertThat(story.facts.offers()).isEqualTo(10);
    }

    @Test
    void jitter_moves_an_ack_wait_by_a_fifth_at_most() {
        DeliveryPolicy policy = TestServer.POLICY;
        assertThat(policy.ackWait(1, 1)).isEqualTo(Duration.ofSeconds(6));
        assertThat(policy.ackWait(1, -1)).isEqualTo(Duration.ofSeconds(4));
        assertThat(policy.ackWait(5, 1)).isEqualTo(Duration.ofSeconds(72));
        assertThat(policy.ackWait(50, -1)).isEqualTo(Duration.ofSeconds(48));
        assertThat(policy.ackWait(0, 0)).isEqualTo(Duration.ofSeconds(5));
    }

    @Test
    void an_attempt_counts_when_its_ack_wait_passed_on_its_connection() {
        Story story = Story.offered();
        assertThat(story.facts.attemptsUsed()).isZero();
        story.due();
        assertThat(story.facts.attemptsUsed()).isEqualTo(1);
        assertThat(story.sentCommand()).isTrue();
    }

    @Test
    void an_attempt_counts_once_when_the_peer_read_it_and_its_wait_passes_too() {
        Story story = Story.offered().peerRead().peerRead();
        assertThat(story.facts.attemptsUsed()).isEqualTo(1);
        story.due();
        assertThat(story.facts.attemptsUsed()).isEqualTo(1);
        assertThat(story.facts.offers()).isEqualTo(2);
    }

    @Test
    void a_connection_that_ends_before_the_wait_costs_no_attempt() {
        Story story = Story.offered();
        story.after(Duration.ofSeconds(2)).on(Story.NEXT_LINE).offer();
        assertThat(story.facts.attemptsUsed()).isZero();
        assertThat(story.facts.offers()).isEqualTo(2);
    }

    @Test
    void a_connection_that_ends_after_the_peer_read_it_costs_one() {
        Story story = Story.offered();
        story.on(Story.NEXT_LINE);
        story.newest = Progress.PEER_READ; // as the connection before, still known, shows
        story.offer();
        assertThat(story.facts.attemptsUsed()).isEqualTo(1);
        assertThat(story.facts.offers()).isEqualTo(2);
    }

    @Test
    void waiting_for_an_agent_that_is_away_costs_no_attempt_and_lasts_until_it_expires() {
        Story story = Story.offered().away();
        assertThat(story.facts.attemptsUsed()).isZero();
        assertThat(story.facts.nextOfferAt()).isNull();
        assertThat(story.facts.dueAt()).isEqualTo(story.facts.expiresAt());
    }

    @Test
    void a_connection_that_flaps_for_ever_gets_a_hundred_offers_at_most() {
        Story story = Story.queued();
        int lines = 0;
        while (!story.facts.state().ended()) {
            story.on(Story.line(100 + lines++, Story.RECORD)).offer().after(Duration.ofMillis(10));
        }
        assertThat(story.facts.offers()).isEqualTo(DeliveryPolicy.MAX_OFFERS);
        assertThat(story.facts.attemptsUsed()).isZero();
        assertThat(story.facts.state()).isEqualTo(CommandState.UNDELIVERABLE);
        assertThat(story.facts.certainty()).isEqualTo(Certainty.UNKNOWN);
    }

    @Test
    void an_agent_that_is_busy_for_ever_gets_a_hundred_offers_at_most() {
        Story story = Story.offered();
        while (!story.facts.state().ended()) {
            story.nack(NackCode.BUSY).due();
        }
        assertThat(story.facts.offers()).isEqualTo(DeliveryPolicy.MAX_OFFERS);
        assertThat(story.facts.attemptsUsed()).isZero();
    }

    @Test
    void an_offer_that_the_queue_refused_was_none() {
        Story story = Story.offered().refusedByQueue();
        assertThat(story.facts.state()).isEqualTo(CommandState.QUEUED);
        assertThat(story.facts.certainty()).isEqualTo(Certainty.NOT_RECEIVED);
        assertThat(story.facts.attemptsUsed()).isZero();
        assertThat(story.notes()).singleElement().asString().contains("queue full");
        for (int refused = 0; refused < 150; refused++) {
            story.offer().refusedByQueue();
        }
        story.offer();
        assertThat(story.facts.state()).isEqualTo(CommandState.OFFERED);
    }

    @Test
    void a_refused_second_offer_leaves_the_first_one_in_doubt() {
        Story story = Story.offered();
        story.due();
        story.refusedByQueue();
        assertThat(story.facts.state()).isEqualTo(CommandState.OFFERED);
        assertThat(story.facts.certainty()).isEqualTo(Certainty.UNKNOWN);
        assertThat(story.facts.maybeWritten()).containsExactly(1);
    }

    @Test
    void no_second_copy_is_put_on_a_connection_whose_first_one_is_not_written() {
        Story story = Story.offered();
        story.newest = Progress.NOT_WRITTEN;
        story.due();
        assertThat(story.sentCommand()).isFalse();
        assertThat(story.facts.attemptsUsed()).isZero();
        assertThat(story.facts.nextOfferAt()).isAfter(story.now);

        story.newest = Progress.WRITTEN;
        story.due();
        assertThat(story.sentCommand()).isTrue();
    }

    @Test
    void not_even_when_the_agent_says_busy_to_a_frame_that_was_not_written() {
        Story story = Story.offered().nack(NackCode.BUSY);
        story.newest = Progress.NOT_WRITTEN;
        story.due();
        assertThat(story.sentCommand()).isFalse();
    }

    @Test
    void the_same_line_gets_no_second_copy_before_the_wait_is_over() {
        Story story = Story.offered().after(Duration.ofSeconds(1)).offer();
        assertThat(story.last).isInstanceOf(Transition.Stayed.class);
        assertThat(story.sentCommand()).isFalse();
    }

    @Test
    void the_last_attempt_has_its_time_even_when_the_agent_comes_back_in_it() {
        Story story = Story.offered();
        for (int attempt = 1; attempt < 10; attempt++) {
            story.due();
        }
        story.peerRead();
        assertThat(story.facts.attemptsUsed()).isEqualTo(10);
        story.on(Story.NEXT_LINE).offer();
        assertThat(story.facts.state()).isEqualTo(CommandState.OFFERED);
        story.due();
        assertThat(story.facts.state()).isEqualTo(CommandState.UNDELIVERABLE);
    }

    @Test
    void the_last_attempt_that_was_read_ends_it_in_its_time_though_the_agent_is_away() {
        Story story = Story.offered();
        for (int attempt = 1; attempt < 10; attempt++) {
            story.due();
        }
        story.peerRead().away();
        assertThat(story.facts.state()).isEqualTo(CommandState.UNDELIVERABLE);
        assertThat(story.facts.certainty()).isEqualTo(Certainty.UNKNOWN);
    }

    @Test
    void its_time_to_live_ends_it_expired_and_only_what_never_left_is_not_received() {
        Story queued = Story.queued();
        queued.to(queued.facts.expiresAt()).due();
        assertThat(queued.facts.state()).isEqualTo(CommandState.EXPIRED);
        assertThat(queued.facts.certainty()).isEqualTo(Certainty.NOT_RECEIVED);

        Story offered = Story.expired();
        assertThat(offered.facts.state()).isEqualTo(CommandState.EXPIRED);
        assertThat(offered.facts.certainty()).isEqualTo(Certainty.UNKNOWN);
    }

    @Test
    void nothing_is_offered_at_or_after_its_expiry() {
        Story story = Story.queuedFor(Duration.ofSeconds(1));
        story.to(story.facts.expiresAt()).offer();
        assertThat(story.facts.state()).isEqualTo(CommandState.EXPIRED);
        assertThat(story.sentCommand()).isFalse();
    }

    @Test
    void an_expiry_that_comes_before_the_ack_wait_is_the_deadline() {
        Story story = Story.queuedFor(Duration.ofSeconds(1)).offer();
        assertThat(story.facts.dueAt()).isEqualTo(story.facts.expiresAt());
        story.due();
        assertThat(story.facts.state()).isEqualTo(CommandState.EXPIRED);
    }

    @Test
    void a_connection_that_ended_before_the_write_began_proves_it_was_not_received() {
        Story story = Story.offered().neverWritten(1);
        assertThat(story.facts.state()).isEqualTo(CommandState.OFFERED);
        assertThat(story.facts.certainty()).isEqualTo(Certainty.NOT_RECEIVED);
        story.neverWritten(1);
        assertThat(story.last).isInstanceOf(Transition.Stayed.class);
    }

    @Test
    void the_proof_may_come_after_its_end() {
        Story story = Story.expired().neverWritten(1);
        assertThat(story.facts.state()).isEqualTo(CommandState.EXPIRED);
        assertThat(story.facts.certainty()).isEqualTo(Certainty.NOT_RECEIVED);
    }

    @Test
    void a_once_command_is_not_offered_again_to_an_agent_that_lost_its_record() {
        Story story = Story.offered().on(Story.line(2, Story.OTHER_RECORD)).offer();
        assertThat(story.facts.state()).isEqualTo(CommandState.UNDELIVERABLE);
        assertThat(story.facts.certainty()).isEqualTo(Certainty.UNKNOWN);
        assertThat(story.sentCommand()).isFalse();
    }

    @Test
    void a_once_command_of_which_nothing_left_is_offered_to_whatever_record() {
        Story story = Story.offered()
                .neverWritten(1)
                .on(Story.line(2, Story.OTHER_RECORD))
                .offer();
        assertThat(story.facts.state()).isEqualTo(CommandState.OFFERED);
        assertThat(story.sentCommand()).isTrue();
    }

    @Test
    void a_once_command_is_not_offered_again_to_an_agent_whose_record_was_set_back() {
        Story story = Story.offered().after(Duration.ofMinutes(1));
        story.on(new Line(Story.NEXT_LINE.id(), Story.RECORD, story.now)).offer();
        assertThat(story.facts.state()).isEqualTo(CommandState.UNDELIVERABLE);
    }

    @Test
    void a_record_that_was_set_back_before_the_first_offer_has_seen_all_of_it() {
        Story story = Story.queued();
        Line setBack = new Line(Story.LINE.id(), Story.RECORD, story.now);
        story.after(Duration.ofMinutes(1)).on(setBack).offer();
        story.on(new Line(Story.NEXT_LINE.id(), Story.RECORD, setBack.ledgerWentBackAt()))
                .offer();
        assertThat(story.facts.state()).isEqualTo(CommandState.OFFERED);
        assertThat(story.facts.offers()).isEqualTo(2);
    }

    @Test
    void a_repeatable_command_is_offered_again_whatever_the_record() {
        Story story = Story.queued(CommandEffect.REPEATABLE).offer();
        story.on(Story.line(2, Story.OTHER_RECORD)).offer();
        assertThat(story.facts.state()).isEqualTo(CommandState.OFFERED);
        assertThat(story.sentCommand()).isTrue();
    }

    @Test
    void redeliver_begins_a_round_of_ten_attempts_and_a_new_time_to_live_and_numbers_go_on() {
        Story story = Story.undeliverable();
        story.after(Duration.ofHours(1)).redeliver();
        assertThat(story.facts.state()).isEqualTo(CommandState.OFFERED);
        assertThat(story.facts.expiresAt()).isEqualTo(story.now.plus(NewCommand.DEFAULT_TIME_TO_LIVE));
        assertThat(story.facts.maxAttempts()).isEqualTo(20);
        assertThat(story.consequences(Consequence.OfferSoon.class)).hasSize(1);

        story.offer();
        assertThat(story.consequences(Consequence.SendCommand.class))
                .singleElement()
                .extracting(Consequence.SendCommand::attempt)
                .isEqualTo(11);
        assertThat(story.facts.nextOfferAt()).isEqualTo(story.now.plusSeconds(5));
        while (!story.facts.state().ended()) {
            story.due();
        }
        assertThat(story.facts.attemptsUsed()).isEqualTo(20);
        assertThat(story.facts.offers()).isEqualTo(20);
    }

    @Test
    void a_redelivered_once_command_has_all_its_attempts_on_the_new_record() {
        Story story = Story.offered().on(Story.line(2, Story.OTHER_RECORD)).offer();
        story.redeliver().offer().due();
        assertThat(story.facts.state()).isEqualTo(CommandState.OFFERED);
        assertThat(story.facts.offers()).isEqualTo(3);
        assertThat(story.sentCommand()).isTrue();
    }

    @Test
    void redelivering_what_never_left_puts_it_back_into_the_queue() {
        Story story = Story.queued();
        story.to(story.facts.expiresAt()).due().redeliver();
        assertThat(story.facts.state()).isEqualTo(CommandState.QUEUED);
        assertThat(story.facts.certainty()).isEqualTo(Certainty.NOT_RECEIVED);
        assertThat(story.facts.endedAt()).isNull();
    }

    @Test
    void only_what_is_undeliverable_or_expired_is_delivered_again() {
        for (Story story : List.of(
                Story.queued(), Story.offered(), Story.acked(), Story.running(), Story.cancelled(), Story.timedOut())) {
            CommandFacts before = story.facts;
            story.redeliver();
            assertThat(story.last).as("%s", before.state()).isInstanceOf(Transition.Refused.class);
            assertThat(story.facts).isEqualTo(before);
        }
    }

    @Test
    void an_expired_one_that_an_agent_refused_as_too_late_is_delivered_again() {
        Story story = Story.offered().nack(NackCode.EXPIRED);
        assertThat(story.facts.certainty()).isEqualTo(Certainty.NOT_RUN);
        story.redeliver();
        assertThat(story.facts.state()).isEqualTo(CommandState.OFFERED);
        story.offer();
        assertThat(story.facts.certainty()).isEqualTo(Certainty.UNKNOWN);
    }

    @Test
    void a_deleted_agent_ends_what_was_never_written_cancelled_and_else_undeliverable_with_its_certainty_kept() {
        assertThat(Story.queued().deleted().facts.state()).isEqualTo(CommandState.CANCELLED);
        assertThat(Story.offered().neverWritten(1).deleted().facts.state()).isEqualTo(CommandState.CANCELLED);
        for (Story story : List.of(Story.offered(), Story.acked(), Story.running())) {
            Certainty before = story.facts.certainty();
            story.deleted();
            assertThat(story.facts.state()).isEqualTo(CommandState.UNDELIVERABLE);
            assertThat(story.facts.certainty()).isEqualTo(before);
        }
    }

    @Test
    void a_command_that_a_deleted_agent_had_is_not_delivered_again() {
        assertThat(Story.running().deleted().redeliver().last).isInstanceOf(Transition.Refused.class);
    }
}
