/**
 * The reference agent: connects, takes commands, runs them, and never loses count of what it did. Own main, own jar,
 * JDK and Jackson's core only.
 *
 * <p>Threads: one connects and reads frames ({@code Connector}), one per connection writes ({@code Session}), one takes every text and
 * owns the record of commands ({@code AgentCore}), three per running command ({@code CommandRun}). A Ping is answered between reader
 * and writer alone, so no work delays it.
 *
 * <p>May use: id, protocol. Used by: simulator. Start reading at {@link dev.wireproof.agent.AgentMain}.
 */
@NullMarked
package dev.wireproof.agent;

import org.jspecify.annotations.NullMarked;
