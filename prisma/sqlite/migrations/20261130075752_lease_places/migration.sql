-- AlterTable
ALTER TABLE "SecretLease" ADD COLUMN "givenUpAt" DATETIME;
ALTER TABLE "SecretLease" ADD COLUMN "place" TEXT;
ALTER TABLE "SecretLease" ADD COLUMN "placeSealed" TEXT;
ALTER TABLE "SecretLease" ADD COLUMN "settleError" TEXT;
