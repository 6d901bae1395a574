package dev.wireproof.fleet;

import jakarta.persistence.LockModeType;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.data.domain.Limit;
import org.springframework.data.jpa.repository.JpaRepository;
import org.springframework.data.jpa.repository.Lock;
import org.springframework.data.jpa.repository.Query;

interface SiteRows extends JpaRepository<SiteRow, UUID> {

    /** Holds back enrolments there until the transaction ends: they refer to the row. */
    @Lock(LockModeType.PESSIMISTIC_WRITE)
    Optional<SiteRow> findWithLockById(UUID id);

    @Query("select s from SiteRow s where :before is null or s.id < :before order by s.id desc")
    List<SiteRow> page(@Nullable UUID before, Limit limit);

    @Query("select s from SiteRow s where s.id in :among and (:before is null or s.id < :before) order by s.id desc")
    List<SiteRow> pageAmong(Collection<UUID> among, @Nullable UUID before, Limit limit);
}
