package dev.wireproof.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.protocol.AgentMessage.AckStatus;
import dev.wireproof.protocol.AgentMessage.LedgerStatus;
import dev.wireproof.protocol.AgentMessage.NackCode;
import dev.wireproof.protocol.AgentMessage.Outcome;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Evidence that comes after a verdict corrects it; and what an agent's record can prove. */
class LateEvidenceTest {

    @Test
    void a_late_ack_revives_what_expired_or_was_undeliverable() {
        for (Story story : List.of(Story.expired(), Story.undeliverable())) {
            story.ack();
            assertThat(story.facts.state()).isEqualTo(CommandState.ACKED);
            assertThat(story.facts.certainty()).isEqualTo(Certainty.RECEIVED);
            assertThat(story.facts.late()).isTrue();
            assertThat(story.facts.dueAt()).isAfter(story.now);
        }
        assertThat(Story.expired().ack(1, AckStatus.RUNNING).facts.state()).isEqualTo(CommandState.RUNNING);
        assertThat(Story.expired().print().facts.state()).isEqualTo(CommandState.RUNNING);
    }

    @Test
    void a_late_result_revives_whatever_had_none() {
        for (Story story : List.of(Story.expired(), Story.undeliverable(), Story.cancelled(), Story.timedOut())) {
            story.finish(Outcome.EXITED, 0);
            assertThat(story.facts.state()).isEqualTo(CommandState.SUCCEEDED);
            assertThat(story.facts.certainty()).isEqualTo(Certainty.EXECUTED);
            assertThat(story.facts.late()).isTrue();
            assertThat(story.acknowledgedResult()).isTrue();
        }
    }

    @Test
    void after_a_committed_result_nothing_moves_it() {
        Story story = Story.running().finish(Outcome.TIMED_OUT, null);
        CommandFacts committed = story.facts;
        story.ack()
                .start()
                .print()
                .nack(NackCode.REFUSED)
                .ledger(LedgerStatus.RUNNING)
                .deleted();
        assertThat(story.facts).isEqualTo(committed);
    }

    @Test
    void a_late_ack_does_not_take_back_that_it_ran() {
        Story story = Story.running().deleted().ack();
        assertThat(story.facts.certainty()).isEqualTo(Certainty.EXECUTED);
    }

    @Test
    void a_late_nack_proves_that_it_did_not_run() {
        Story story = Story.undeliverable().nack(NackCode.REFUSED);
        assertThat(story.facts.state()).isEqualTo(CommandState.REJECTED);
        assertThat(story.facts.certainty()).isEqualTo(Certainty.NOT_RUN);
        assertThat(story.facts.late()).isTrue();
        assertThat(Story.timedOut().nack(NackCode.REFUSED).facts.state())
                .as("it had started")
                .isEqualTo(CommandState.TIMED_OUT);
    }

    @Test
    void a_record_that_never_saw_it_settles_an_unknown_fate() {
        for (Story story : List.of(Story.expired(), Story.undeliverable(), Story.cancelledUnanswered())) {
            CommandState before = story.facts.state();
            story.on(Story.NEXT_LINE).ledger(LedgerStatus.NEVER_SEEN);
            assertThat(story.facts.state()).isEqualTo(before);
            assertThat(story.facts.certainty()).isEqualTo(Certainty.NOT_RECEIVED);
        }
    }

    @Test
    void a_replaced_record_that_never_saw_it_proves_nothing() {
        Story story =
                Story.undeliverable().on(Story.line(2, Story.OTHER_RECORD)).ledger(LedgerStatus.NEVER_SEEN);
        assertThat(story.facts.certainty()).isEqualTo(Certainty.UNKNOWN);
    }

    @Test
    void a_restored_record_that_never_saw_it_proves_nothing() {
        Story story = Story.undeliverable();
        story.on(new Line(Story.NEXT_LINE.id(), Story.RECORD, story.now)).ledger(LedgerStatus.NEVER_SEEN);
        assertThat(story.facts.certainty()).isEqualTo(Certainty.UNKNOWN);
    }

    @Test
    void an_agent_without_a_record_proves_nothing_by_never_seen() {
        Story story = Story.queued().on(Story.line(1, null)).offer();
        story.to(story.facts.expiresAt()).due().ledger(LedgerStatus.NEVER_SEEN);
        assertThat(story.facts.certainty()).isEqualTo(Certainty.UNKNOWN);
    }

    @Test
    void a_command_older_than_what_the_record_keeps_stays_unknown() {
        Story story = Story.expired();
        story.to(story.facts.provableUntil()).ledger(LedgerStatus.NEVER_SEEN);
        assertThat(story.facts.certainty()).isEqualTo(Certainty.UNKNOWN);
    }

    @Test
    void never_seen_says_nothing_of_an_offer_that_was_made_after_the_question() {
        Story story = Story.undeliverable();
        int asked = story.facts.offers();
        story.redeliver().offer();
        story.to(story.facts.expiresAt())
                .due()
                .tell(new CommandEvent.LedgerSaid(story.now, story.line, asked, LedgerStatus.NEVER_SEEN, null, null));
        assertThat(story.facts.state()).isEqualTo(CommandState.EXPIRED);
        assertThat(story.facts.certainty()).isEqualTo(Certainty.UNKNOWN);
        story.tell(new CommandEvent.LedgerSaid(story.now, story.line, null, LedgerStatus.NEVER_SEEN, null, null));
        assertThat(story.facts.certainty()).as("nobody asked").isEqualTo(Certainty.UNKNOWN);
    }

    @Test
    void never_seen_of_a_command_that_is_on_its_way_changes_nothing() {
        Story story = Story.offered().ledger(LedgerStatus.NEVER_SEEN);
        assertThat(story.facts.state()).isEqualTo(CommandState.OFFERED);
        assertThat(story.facts.certainty()).isEqualTo(Certainty.UNKNOWN);
    }

    @Test
    void a_record_that_lost_what_it_acknowledged_is_noted() {
        Story story = Story.acked().ledger(LedgerStatus.NEVER_SEEN);
        assertThat(story.facts.certainty()).isEqualTo(Certainty.RECEIVED);
        assertThat(story.notes()).singleElement().asString().contains("never saw this, though it acknowledged it");
    }

    @Test
    void a_record_tells_how_far_it_came() {
        assertThat(Story.undeliverable().ledger(LedgerStatus.ACCEPTED).facts.state())
                .isEqualTo(CommandState.ACKED);
        assertThat(Story.expired().ledger(LedgerStatus.RUNNING).facts.state()).isEqualTo(CommandState.RUNNING);
        assertThat(Story.acked().ledger(LedgerStatus.RUNNING).facts.state()).isEqualTo(CommandState.RUNNING);
        Story cancelled = Story.undeliverable().ledger(LedgerStatus.CANCELLED);
        assertThat(cancelled.facts.state()).isEqualTo(CommandState.CANCELLED);
        assertThat(cancelled.facts.certainty()).isEqualTo(Certainty.RECEIVED);
    }

    @Test
    void a_record_tells_the_end_and_the_result_comes_after_it() {
        Story story = Story.acked().ledger(LedgerStatus.FINISHED, Outcome.EXITED, 0);
        assertThat(story.facts.state()).isEqualTo(CommandState.SUCCEEDED);
        assertThat(story.facts.resultCommitted()).isFalse();
        assertThat(story.acknowledgedResult()).isFalse();
        var ended = story.facts.endedAt();
        story.after(Duration.ofSeconds(3)).finish(Outcome.EXITED, 0);
        assertThat(story.acknowledgedResult()).isTrue();
        assertThat(story.facts.resultCommitted()).isTrue();
        assertThat(story.facts.late()).isFalse();
        assertThat(story.facts.endedAt()).isEqualTo(ended);
    }

    @Test
    void a_record_that_says_finished_without_an_outcome_ends_nothing() {
        Story story = Story.undeliverable().ledger(LedgerStatus.FINISHED);
        assertThat(story.facts.state()).isEqualTo(CommandState.UNDELIVERABLE);
        assertThat(story.facts.late()).isFalse();
    }
}
