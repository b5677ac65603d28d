-- CreateEnum
CREATE TYPE "SessionEndReason" AS ENUM ('ended', 'expired');

-- AlterTable
ALTER TABLE "Session" ADD COLUMN     "formerTokenHash" TEXT,
ADD COLUMN     "formerUntil" TIMESTAMP(3),
ADD COLUMN     "rotationDue" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "EndedSession" (
    "tokenHash" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "reason" "SessionEndReason" NOT NULL,
    "until" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "EndedSession_pkey" PRIMARY KEY ("tokenHash")
);

-- CreateIndex
CREATE INDEX "EndedSession_userId_idx" ON "EndedSession"("userId");

-- CreateIndex
CREATE INDEX "EndedSession_until_idx" ON "EndedSession"("until");

-- CreateIndex
CREATE UNIQUE INDEX "Session_formerTokenHash_key" ON "Session"("formerTokenHash");

-- AddForeignKey
ALTER TABLE "EndedSession" ADD CONSTRAINT "EndedSession_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- People's names and addresses have no place in the audit, which outlives them.
UPDATE "AuditEntry"
SET "before" = "before" - 'email' - 'name', "after" = "after" - 'email' - 'name'
WHERE "subjectKind" IN ('user', 'portal');
