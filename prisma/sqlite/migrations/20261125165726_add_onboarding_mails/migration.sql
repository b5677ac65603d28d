-- CreateTable
CREATE TABLE "OnboardingMail" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "tenantId" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "claimedAt" DATETIME NOT NULL,
    "sentAt" DATETIME,
    CONSTRAINT "OnboardingMail_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES "Tenant" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "OnboardingMail_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateIndex
CREATE INDEX "OnboardingMail_userId_idx" ON "OnboardingMail"("userId");

-- CreateIndex
CREATE UNIQUE INDEX "OnboardingMail_tenantId_userId_key" ON "OnboardingMail"("tenantId", "userId");

-- Whoever is a member of a tenant that works already has found their way: nobody is welcomed long after.
INSERT INTO "OnboardingMail" ("id", "tenantId", "userId", "claimedAt", "sentAt")
SELECT "Membership"."id", "Membership"."tenantId", "Membership"."userId", "Membership"."createdAt", "Membership"."createdAt"
FROM "Membership" JOIN "Tenant" ON "Tenant"."id" = "Membership"."tenantId"
WHERE "Tenant"."status" <> 'pending';
