target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
target triple = "bpfel"
@events = external global i8
@".rodata+0" = external global i8
@".data.counters+0" = external global i8
@".rodata+8" = external global i8
@".data.counters+24" = external global i8
declare i16 @llvm.bswap.i16(i16)
declare i32 @llvm.bswap.i32(i32)
declare i64 @llvm.bswap.i64(i64)

define i64 @begin_1(i64 %a0) nounwind section "raw_tp/begin" !dbg !4 {
b0:
  %v2 = call i64 inttoptr (i64 134 to i64 (i64, i64)*)(i64 ptrtoint (i8* @events to i64), i64 0), !dbg !5
  %t0 = inttoptr i64 ptrtoint (i8* @".rodata+0" to i64) to i64*, !dbg !5
  %v4 = load i64, i64* %t0, align 8, !dbg !5
  %t1 = icmp ugt i64 %v2, %v4, !dbg !5
  br i1 %t1, label %b1, label %b4, !dbg !5
b4:
  %v8 = call i64 inttoptr (i64 131 to i64 (i64, i64, i64)*)(i64 ptrtoint (i8* @events to i64), i64 24, i64 0), !dbg !5
  %t2 = icmp ne i64 %v8, 0, !dbg !5
  br i1 %t2, label %b2, label %b1, !dbg !5
b2:
  %t3 = inttoptr i64 %v8 to i64*, !dbg !5
  store i64 0, i64* %t3, align 8, !dbg !5
  %t4 = add i64 %v8, 8, !dbg !6
  %t5 = inttoptr i64 %t4 to i64*, !dbg !6
  store i64 42, i64* %t5, align 8, !dbg !6
  %t6 = trunc i64 120 to i16, !dbg !7
  %t7 = add i64 %v8, 16, !dbg !7
  %t8 = inttoptr i64 %t7 to i16*, !dbg !7
  store i16 %t6, i16* %t8, align 2, !dbg !7
  call void inttoptr (i64 132 to void (i64, i64)*)(i64 %v8, i64 0), !dbg !5
  br label %b3, !dbg !5
b3:
  %v26 = call i64 inttoptr (i64 130 to i64 (i64, i64, i64, i64)*)(i64 ptrtoint (i8* @events to i64), i64 ptrtoint (i8* @".rodata+8" to i64), i64 8, i64 0), !dbg !8
  %t9 = icmp ne i64 %v26, 0, !dbg !8
  br i1 %t9, label %b5, label %b6, !dbg !8
b6:
  %t10 = inttoptr i64 ptrtoint (i8* @".data.counters+24" to i64) to i64*, !dbg !8
  store i64 1, i64* %t10, align 8, !dbg !8
  ret i64 0, !dbg !8
b1:
  %t11 = inttoptr i64 ptrtoint (i8* @".data.counters+0" to i64) to i64*, !dbg !5
  %t12 = atomicrmw add i64* %t11, i64 1 monotonic, !dbg !5
  br label %b3, !dbg !5
b5:
  %t13 = inttoptr i64 ptrtoint (i8* @".data.counters+0" to i64) to i64*, !dbg !8
  %t14 = atomicrmw add i64* %t13, i64 1 monotonic, !dbg !8
  br label %b6, !dbg !8
}

!llvm.dbg.cu = !{!0}
!llvm.module.flags = !{!3}
!0 = distinct !DICompileUnit(language: DW_LANG_C99, file: !1, producer: "bpfcast", emissionKind: FullDebug)
!1 = !DIFile(filename: "stdin", directory: "")
!2 = !DISubroutineType(types: !{null})
!3 = !{i32 2, !"Debug Info Version", i32 3}
!4 = distinct !DISubprogram(name: "begin_1", scope: !1, file: !1, line: 1, type: !2, spFlags: DISPFlagDefinition, unit: !0)
!5 = !DILocation(line: 1, column: 9, scope: !4)
!6 = !DILocation(line: 1, column: 29, scope: !4)
!7 = !DILocation(line: 1, column: 34, scope: !4)
!8 = !DILocation(line: 1, column: 40, scope: !4)
