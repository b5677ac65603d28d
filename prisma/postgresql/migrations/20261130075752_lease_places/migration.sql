-- AlterTable
ALTER TABLE "SecretLease" ADD COLUMN     "givenUpAt" TIMESTAMP(3),
ADD COLUMN     "place" TEXT,
ADD COLUMN     "placeSealed" TEXT,
ADD COLUMN     "settleError" TEXT;
